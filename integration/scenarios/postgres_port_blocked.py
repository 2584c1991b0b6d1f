"""Level lease: a firewall closes the ports of PostgreSQL and the balancer on the primary, the agents hear each other: it gives up for a standby (R11)."""

import time

from lab import journal, ladder, network

LEVEL = "lease"
# Ten seconds of the others' words, the stop, and repmgrd's next election.
BOUNDS = {"stopped_by": ("==", "R11"), "writes_back_s": ("<=", 22), "dual_ack_direct_s": ("==", 0), "lost_acked": ("<=", 3), "lost_acked_direct": ("<=", 3),
          "rejoined": ("==", True), "marker_cleared": ("==", True), "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    # Its analyze is a transaction that writes, which R11 does not tell from a client's (docs/safety.md), and one run of two would be about that.
    old.sql("alter system set autovacuum = off")
    old.sql("select pg_reload_conf()")
    lab.fault(f"the ports of PostgreSQL and HAProxy on {old} are closed", justifies_fence_of=old,
              action=lambda: network.drop(old.name, "in iifname eth0 tcp dport { 5432, 5000, 5001 }"))
    time.sleep(4)
    # As archive_timeout does it: the log grows by some 16 MB, and by no commit.
    old.sql("select pg_switch_wal()")
    lab.await_writes(60, by_another_than=old)
    stop = next((v for v in journal.verdicts(old) if v["at"] > lab.fault_at and v["action"] in ladder.STOPS), None)
    lab.note("stopped_by", stop and stop["rule"])
    lab.note("stopped_after_s", stop and stop["at"] - lab.fault_at)
    lab.note("sentence", stop and stop["sentence"])
    lab.heal_firewall(old)
    lab.rejoin(old)
    lab.await_unfenced(old, 30)
