"""The primary's standbys vanish without a word: their walsenders would hold up a fast stop for a minute, and the fence must not wait for them."""

from lab import ladder

BOUNDS = ladder.BOUNDS | {"walsenders": ("==", 2), "decided_by": ("==", "R4"), "decided_after_s": ("<=", 6), "marker_written": ("==", True),
                          "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    lab.client_beside(old)  # so that there is something to be sent that nobody takes
    with ladder.watched(lab, old) as fence:
        lab.fault(f"{old} is cut off, its carrier stays", old.cut_off, justifies_fence_of=old)
        lab.hold(2, "the walsenders wait for an answer")
        lab.note("walsenders", int(old.sql("select count(*) from pg_stat_replication where sent_lsn > flush_lsn or pg_current_wal_lsn() > flush_lsn")))
        fence.await_proof(20)
    lab.note("marker_written", old.name in lab.fenced())
    lab.await_writes(40, by_another_than=old)
    lab.hold(3)
    lab.heal(old)
    lab.hold(3)
