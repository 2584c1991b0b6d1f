"""Level lease, two servers and a witness: the primary's host loses power, and the witness's vote makes the other one the primary."""

from lab.witness import make_witness, status

LEVEL = "lease"
BOUNDS = {"writes_back_s": ("<=", 11), "dual_ack_direct_s": ("==", 0), "vip_follows_primary": ("==", True), "witness_rule": ("==", "W"),
          "start_refused": ("==", True), "returned_acks": ("==", 0)}


def run(lab):
    old, witness = lab.primary, lab["pg3"]
    make_witness(lab, witness)
    lab.hold(5, "two servers and a witness")
    lab.fault(f"the host of {old} loses power", old.lose_power, justifies_fence_of=old)
    lab.await_writes(45, by_another_than=old)
    lab.hold(5)
    # It boots where nobody but the witness hears it, which has no PostgreSQL to ask.
    returned = lab.power_returns(old, cut=True)
    old.await_boot()
    lab.await_refusal(old, 60)
    lab.note("returned_acks", len(lab.acks_of(old, since=returned)))
    lab.note("witness_rule", status(witness)["verdict"]["rule"])
