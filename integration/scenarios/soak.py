"""Twenty minutes of what is no reason to fence: exhausted slots, checkpoint storms, restarted agents, a lost standby, a clock that steps."""

import time

from lab import journal, ladder, nemeses
from lab.settings import short

# The longest gap is that of a restarted agent on the primary: the address leaves and comes back.
BOUNDS = {"rounds": (">=", 1), "slots_exhausted": ("==", True), "fewest_checkpoints": (">=", 2), "agents_restarted": (">=", 6),
          "standby_was_gone": ("==", True), "smallest_step_s": (">", 3000), "stops": ("==", 0), "fenced_nodes": ("==", 0), "fenced_at_any_time": ("==", 0),
          "primary_moved": ("==", False), "timeline_moved": ("==", False), "lost_acked": ("==", 0), "write_gap_s": ("<=", 3),
          "vip_follows_primary": ("==", True)}
AT_LEASE = AT_GATE = BOUNDS


def run(lab):
    primary, timeline = prepare(lab)
    standbys = [node for node in lab.cluster.nodes if node is not primary]
    ends = time.monotonic() + (120 if short() else 1200)
    rounds, seen = 0, {"slots": [], "checkpoints": [], "agents": 0, "gone": [], "steps": []}
    while rounds == 0 or time.monotonic() < ends:
        seen["slots"].append(nemeses.exhaust_slots(primary))
        seen["checkpoints"].append(nemeses.storm_of_checkpoints(primary))
        seen["agents"] += nemeses.restart_agents(lab.cluster.nodes)
        for node in (primary, standbys[rounds % 2]):
            seen["steps"] += [abs(nemeses.step_clock(node, by)) for by in (3600, -3600)]
        seen["gone"].append(nemeses.lose_standby(lab, standbys[(rounds + 1) % 2]))
        rounds += 1
        lab.hold(3, f"round {rounds} is over")
    lab.note("rounds", rounds)
    lab.note("slots_exhausted", all(seen["slots"]))
    lab.note("fewest_checkpoints", min(seen["checkpoints"]))
    lab.note("agents_restarted", seen["agents"])
    lab.note("standby_was_gone", all(seen["gone"]))
    lab.note("smallest_step_s", min(seen["steps"]))
    verdicts = {node.name: [v for v in journal.verdicts(node) if v["at"] > lab.began] for node in lab.cluster.nodes}
    lab.note("stops", sum(v["action"] in ladder.STOPS for of_node in verdicts.values() for v in of_node))
    lab.note("rules", {name: sorted({v["rule"] for v in of_node}) for name, of_node in verdicts.items()})
    lab.note("fenced_at_any_time", len([a for a in lab.workload.answers() if a.asked > lab.began and (a.status or {}).get("fence", {}).get("fenced")]))
    lab.note("fenced_nodes", len(lab.fenced()))
    lab.note("primary_moved", lab.primary is not primary)
    lab.note("timeline_moved", lab.cluster.primaries()[0][0] != timeline)


def prepare(lab):
    """Everything runs under a clock that can be stepped; the restarts for that are no part of the soak."""
    primary = lab.primary
    timeline = lab.cluster.primaries()[0][0]
    for node in lab.cluster.nodes:
        node.systemctl("stop", "repmgrd.service")
    for node in lab.cluster.nodes:
        nemeses.with_a_clock_to_step(node)
        node.restart_postgres()
        node.systemctl("restart", "picket.service")
    for node in lab.cluster.nodes:
        if node is not primary:
            lab.await_streaming(node)
        node.start("repmgrd.service")
    lab.await_ack_since("back_before_soak_s", time.monotonic(), 60)
    lab.hold(5, "everybody settles")
    lab.began = lab.fault_at = time.monotonic()
    return primary, timeline
