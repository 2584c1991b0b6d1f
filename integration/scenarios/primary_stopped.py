"""systemctl stop of the primary's cluster: the administrator's everyday mistake, a clean shutdown."""

BOUNDS = {"writes_back_s": ("<=", 6), "vip_follows_primary": ("==", True)}
CONTROL = {"writes_back_s": (">", 6)}


def run(lab):
    old = lab.primary
    lab.fault(f"systemctl stop of PostgreSQL on {old}", old.stop_postgres, justifies_fence_of=old)
    lab.await_writes(40, by_another_than=old)
    lab.hold(5)
