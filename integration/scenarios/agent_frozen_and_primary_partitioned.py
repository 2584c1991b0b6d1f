"""Client gate: the primary's agent is frozen and its machine cut off: the kernel alone ends its clients' writes before anybody is promoted."""

from lab.settings import short

LEVEL = "gate"
BOUNDS = {"dual_ack_direct_s": ("==", 0), "last_ack_isolated_s": ("<=", 2.5), "acks_behind": ("==", 0), "writes_back_s": ("<=", 11),
          "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    client = lab.client_beside(old)

    def freeze_and_cut():
        old.stop_agent()
        old.cut_off()

    lab.fault(f"picketd on {old} is frozen, and {old} cut off", freeze_and_cut, justifies_fence_of=old)
    lab.await_writes(40, by_another_than=old)
    lab.hold_until(lab.fault_at + (20 if short() else 40), "the two sides live apart")
    lab.note("last_ack_isolated_s", lab.last_ack(client))
    lab.heal(old)
    lab.hold(10, "nothing more may happen")
    lab.note("acks_behind", len(lab.acks_behind(old)))
