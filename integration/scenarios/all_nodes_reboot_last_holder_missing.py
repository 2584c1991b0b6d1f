"""All three hosts lose power, and the last primary's does not come back: nobody may take its place by himself, and both standbys say what to do."""

import time

from lab.settings import short
from lab.shell import wait_until

BOUNDS = {"primaries_seen": ("==", 0), "advised": ("==", True), "timeline_moved": ("==", False), "fenced_nodes": ("==", 0), "lost_acked": ("==", 0),
          "dual_ack_direct_s": ("==", 0), "back_after_power_s": ("<=", 15), "vip_follows_primary": ("==", True)}


def run(lab):
    missing = lab.primary
    timeline = lab.cluster.primaries()[0][0]
    others = [node for node in lab.cluster.nodes if node is not missing]
    lab.fault(f"all three hosts lose power, and that of {missing} stays dark", lambda: [node.lose_power() for node in lab.cluster.nodes])
    lab.hold(1)
    for node in others:
        lab.power_returns(node)
    wait_until(lambda: all(node.accepts_connections() for node in others), 60, "both standbys to start")
    # Longer than the start gate waits for a majority, and than repmgrd's patience.
    seen, until = 0, time.monotonic() + (20 if short() else 45)
    while time.monotonic() < until:
        seen += len(lab.cluster.primaries())
        time.sleep(0.5)
    lab.note("primaries_seen", seen)
    said = [node.run("picket", "status", check=False) for node in others]
    lab.note("status", said[0].splitlines()[:8])
    lab.note("advised", all(missing.name in text and "no primary" in text for text in said))

    back = lab.power_returns(missing)
    lab.await_ack_since("back_after_power_s", back, 60)
    lab.hold(3)
    lab.note("timeline_moved", lab.cluster.primaries()[0][0] != timeline)
    lab.note("fenced_nodes", len(lab.fenced()))
