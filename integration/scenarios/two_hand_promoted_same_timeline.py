"""Two standbys are promoted by hand, each out of the other's sight: one timeline, two histories. Nobody can say who is right, so nobody is."""

import re
import time

from lab import journal
from lab.shell import wait_until

BOUNDS = {"same_timeline": ("==", True), "both_live": ("==", True), "offered": ("==", 0), "vip_while_undecided": ("==", []), "fenced_nodes": ("==", 0),
          "both_alarm": ("==", True), "alarm_has_both_lsns": ("==", True), "back_after_clone_s": ("<=", 15), "plan_is_clone": ("==", True),
          "vip_follows_primary": ("==", True)}


def run(lab):
    gone = lab.primary
    one, other = (node for node in lab.cluster.nodes if node is not gone)
    for node in lab.cluster.nodes:
        node.systemctl("stop", "repmgrd.service")
    lab.fault(f"the host of {gone} loses power; {one} and {other} cannot see each other, and both are promoted", gone.lose_power)
    lab.hold(1)
    for node in (one, other):
        node.cut_off()
    for node in (one, other):
        node.sql("select pg_promote()", timeout=70)
    promoted = time.monotonic()
    for node in (one, other):
        lab.heal(node)
    lab.hold(10, "both are there, and both take writes from whoever goes to them directly")

    lab.note("same_timeline", len({timeline for timeline, _ in lab.cluster.primaries()}) == 1 and len(lab.cluster.primaries()) == 2)
    lab.note("both_live", bool(one.postmaster() and other.postmaster()))
    lab.note("offered", len([a for a in lab.workload.answers() if a.path == "/primary" and a.code == 200 and a.asked > promoted]))
    lab.note("vip_while_undecided", lab.cluster.address_holders())
    lab.note("fenced_nodes", len(lab.fenced()))
    alarms = [[line for line in journal.lines(node) if line.startswith("alarm: two primaries")] for node in (one, other)]
    lab.note("alarms", alarms)
    lab.note("both_alarm", all(alarms))
    lab.note("alarm_has_both_lsns", all(len(re.findall(r"at [0-9A-F]+/[0-9A-F]+\b", lines[-1])) == 2 for lines in alarms if lines))

    # The administrator decides for one of them: the third node becomes its standby, and the other is proven stale by that.
    lab.power_returns(gone)
    wait_until(lambda: gone.systemctl("is-system-running", check=False).strip(), 30, f"{gone}'s systemd")
    lab.may_be_fenced.add(other.name)
    decided = time.monotonic()
    one.as_postgres("repmgr", "-f", "/etc/repmgr.conf", "primary", "register", "--force")
    lab.clone_again(gone, one)
    lab.await_ack_since("back_after_clone_s", decided, 60)
    lab.await_marker(other, 20)
    plan = other.run("picket", "rejoin", "--dry-run", check=False, timeout=60)
    lab.note("plan", plan.splitlines())
    lab.note("plan_is_clone", "clone" in plan and "rewound" not in plan)
    lab.hold(3)
