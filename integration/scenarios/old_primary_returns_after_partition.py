"""The primary is cut off in silence for 60 s with a client on its side, then the cable heals: nobody tells it that it was replaced."""

from lab.settings import short

# Without a lease both sides acknowledge for a while: dual_ack_direct_s is measured and reported, its bound is the isolated side's last word.
BOUNDS = {"last_ack_isolated_s": ("<=", 6), "old_is_fenced": ("==", True), "acks_after_heal": ("==", 0), "standby_followed_old": ("==", False),
          "vip_follows_primary": ("==", True)}
CONTROL = {"last_ack_isolated_s": (">", 20)}
CUT = 60


def run(lab):
    old = lab.primary
    client = lab.client_beside(old)
    lab.fault(f"{old} is cut off, its carrier stays", old.cut_off, justifies_fence_of=old)
    lab.await_writes(40, by_another_than=old)
    lab.hold_until(lab.fault_at + (30 if short() and not lab.control else CUT), "the two sides live apart")
    lab.note("last_ack_isolated_s", lab.last_ack(client))

    healed = lab.heal(old)
    followed = lab.watch_upstreams(seconds=15, forbidden=old)
    lab.note("standby_followed_old", followed)
    lab.note("acks_after_heal", len(lab.acks_of(old, since=healed)))
    if not lab.control:
        lab.await_marker(old, 10)
        lab.note("old_is_fenced", old.name in lab.fenced())
