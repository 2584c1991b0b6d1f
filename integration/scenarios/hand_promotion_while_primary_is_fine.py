"""Level lease: somebody promotes a standby by hand while the primary is fine: refused by way of repmgr, harmless by way of pg_ctl."""

from lab.shell import CommandFailed, say

LEVEL = "lease"
BOUNDS = {"write_gap_s": ("<", 0.5), "rogue_is_stopped": ("==", True), "primary_moved": ("==", False), "promoted_by_repmgr": ("==", False),
          "rogue_offered": ("==", False)}


def run(lab):
    primary = lab.primary
    standby, rogue = [node for node in lab.cluster.nodes if node is not primary]
    say(f"BY HAND: repmgr standby promote on {standby}")
    try:
        standby.as_postgres("repmgr", "-f", "/etc/repmgr.conf", "standby", "promote", "--force", timeout=90)
        lab.note("promoted_by_repmgr", True)
    except CommandFailed as refused:
        say(str(refused).splitlines()[-1][:200])
        lab.note("promoted_by_repmgr", standby.sql("select pg_is_in_recovery()") == "f")
    lab.fault(f"pg_promote() on {rogue}, past every gate", lambda: rogue.sql("select pg_promote(false)"), justifies_fence_of=rogue)
    lab.hold(20, "the lease stays where it is")
    lab.note("rogue_is_stopped", rogue.name in lab.fenced() and not rogue.server_pids())
    lab.note("rogue_offered", any(a.node == rogue.name and a.path == "/primary" and a.code == 200 for a in lab.workload.answers()))
    lab.note("primary_moved", primary.sql("select pg_is_in_recovery()") != "f" or primary.name in lab.fenced())
