"""Level lease, two servers and a witness: the witness is lost and nobody notices; it is back, and the primary is cut off: it stops, the other one takes over."""

from lab.witness import await_vote, make_witness

LEVEL = "lease"
BOUNDS = {"gap_without_witness_s": ("<", 1.5), "fenced_without_witness": ("==", 0), "primary_moved": ("==", False),
          "dual_ack_direct_s": ("==", 0), "last_ack_isolated_s": ("<=", 3.5), "writes_back_s": ("<=", 11), "vip_follows_primary": ("==", True)}


def run(lab):
    old, witness = lab.primary, lab["pg3"]
    make_witness(lab, witness)
    lab.fault(f"the host of {witness}, the witness, loses power", witness.lose_power)
    lab.hold(15, "two voters of three")
    lab.note("gap_without_witness_s", lab.gap_since(lab.fault_at))
    lab.note("fenced_without_witness", len(lab.fenced()))
    lab.note("primary_moved", lab.primary is not old)
    lab.power_returns(witness)
    await_vote(lab, witness)
    lab.hold(7, "after its start a voter is bound for 5.7 s")

    client = lab.client_beside(old)
    lab.fault(f"{old} is cut off, its carrier stays", old.cut_off, justifies_fence_of=old)
    lab.await_writes(40, by_another_than=old)
    lab.hold(15, "the two sides live apart")
    lab.note("last_ack_isolated_s", lab.last_ack(client))
    lab.heal(old)
    lab.hold(10, "nothing more may happen")
