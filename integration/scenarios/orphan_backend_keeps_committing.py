"""kill -9 of the postmaster during a procedure that commits in a loop, in a unit whose rest systemd leaves alone: only picket ends the orphan."""

from lab import ladder
from lab.sessions import Session
from lab.shell import wait_until

# At level guard repmgrd promotes by its own clock, and promoted_after_proof_s is reported; level lease makes it wait for the proof.
BOUNDS = {"commits_before_kill": (">", 0), "systemd_helps": ("==", False), "orphan_dead_s": ("<=", 1), "lived_after_proof": ("==", 0),
          "rows_after_proof": ("==", 0), "proof_after_s": ("<=", 5), "vip_follows_primary": ("==", True)}
AT_LEASE = BOUNDS | {"promoted_after_proof_s": (">", 0), "dual_ack_direct_s": ("==", 0)}
CONTROL = {"orphans_after_5_s": (">", 0)}
PROCEDURE = """create table orphan (n bigint, at timestamptz default clock_timestamp());
create procedure commit_on() language plpgsql as $$ begin
  for n in 1..100000000 loop insert into orphan values (n); commit; perform sum(i) from generate_series(1, 20000) i; end loop; end $$;
grant all on orphan to app;"""
COUNT = "select count(*) from orphan"


def run(lab):
    old = lab.primary
    old.leave_the_rest_alone()
    old.sql(PROCEDURE, "app")
    lab.note("systemd_helps", "KillMode=process" not in old.systemctl("show", "-p", "KillMode", old.unit))
    caller = Session(old.ip)
    caller.type("call commit_on();")
    wait_until(lambda: int(old.sql(COUNT, "app")) > 100, 20, "the procedure to commit")
    lab.note("commits_before_kill", int(old.sql(COUNT, "app")))
    with ladder.watched(lab, old) as fence:
        lab.fault(f"kill -9 of the postmaster on {old}", old.kill_postmaster, justifies_fence_of=old)
        if lab.control:
            lab.hold(8, "nobody looks for orphans")
        else:
            fence.await_proof(20)
        lived = fence.watch.alive_after(lab.fault_at + 5)
    gone = fence.watch.all_gone_at(lab.fault_at)
    lab.note("orphans_after_5_s", lived)
    lab.note("orphan_dead_s", gone - lab.fault_at if gone else None)
    lab.await_writes(40)
    lab.hold(3)
    if lab.control or not fence.proved_at:
        return
    lab.note("promoted_after_proof_s", lab.facts["writes_back_s"] + lab.fault_at - fence.proved_at)
    lab.note("rows_after_proof", int(ladder.sql_of_the_dead(lab, old, f"{COUNT} where at > '{ladder.wall_clock(fence.proved_at)}'", "app")))
