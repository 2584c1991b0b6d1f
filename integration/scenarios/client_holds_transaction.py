"""The primary is fenced while clients are idle in a transaction, in the middle of a statement, and waiting for a lock: none of them delays it."""

from lab import ladder
from lab.sessions import Session
from lab.shell import wait_until

BOUNDS = ladder.BOUNDS | {"transactions_held": ("==", 3), "committed_after_fence": ("==", False), "marker_written": ("==", True),
                          "vip_follows_primary": ("==", True)}
HELD = "select count(*) from pg_stat_activity where application_name = 'holds' and xact_start is not null"


def run(lab):
    old = lab.primary
    idle, busy, waits = (Session(old.ip) for _ in range(3))
    idle.type("set application_name to holds; begin; insert into writes values ('held', 1, true);")
    busy.type("set application_name to holds; begin; insert into writes values ('held', 2, true); select pg_sleep(3600);")
    wait_until(lambda: old.sql(HELD) == "2", 10, "two transactions to be held")
    waits.type("set application_name to holds; insert into writes values ('held', 1, true);")
    wait_until(lambda: old.sql(HELD + " and wait_event_type = 'Lock'") == "1", 10, "the third to wait for the first")
    lab.note("transactions_held", int(old.sql(HELD)))
    with ladder.watched(lab, old) as fence:
        lab.fault(f"picket fence on {old}", fence.order, justifies_fence_of=old)
        fence.await_proof(20)
    idle.type("commit; select 'committed';")
    lab.await_writes(30, by_another_than=old)
    lab.note("committed_after_fence", "committed" in idle.said())
    lab.note("marker_written", old.name in lab.fenced())
    lab.hold(3)
