"""Level lease: half an hour of load while every node loses one packet of twenty, agents are restarted and a standby is down for a while: no fence."""

import random
import time

from lab import journal, ladder, nemeses, network
from lab.settings import short
from lab.shell import say, wait_until

LEVEL = "lease"
# What is lost on the way to clients and balancers is sent again after 0.2 s, a lost SYN after a second and then two more.
BOUNDS = {"rounds": (">=", 1), "lost_percent": (">", 4), "agents_restarted": (">=", 3), "standby_was_down_s": (">=", 20), "stops": ("==", 0),
          "fenced_nodes": ("==", 0), "fenced_at_any_time": ("==", 0), "primary_moved": ("==", False), "timeline_moved": ("==", False),
          "lost_acked": ("==", 0), "dual_ack_direct_s": ("==", 0), "write_gap_s": ("<=", 10), "vip_follows_primary": ("==", True)}
LOSS = 5   # percent, of what each node receives


def run(lab):
    primary, timeline = lab.primary, lab.cluster.primaries()[0][0]
    standbys = [node for node in lab.cluster.nodes if node is not primary]
    chance = random.Random()
    ends = time.monotonic() + (240 if short() else 1800)

    def lossy():
        for node in lab.cluster.nodes:
            network.drop(node.name, f"in iifname eth0 numgen random mod 100 < {LOSS} counter")
    lab.fault(f"every node loses {LOSS} % of what it receives", lossy)
    received = network.received(primary.name)
    rounds, restarted, down_for = 0, 0, 0.0
    while rounds == 0 or time.monotonic() < ends:
        lab.hold(chance.uniform(5, 20))
        restarted += nemeses.restart_agents(chance.sample(lab.cluster.nodes, 2))
        down_for += standby_down(lab, standbys[rounds % 2], 30)
        rounds += 1
    lab.note("lost_percent", lost_percent(primary, received))
    for node in lab.cluster.nodes:
        network.pass_again(node.name)
    lab.note("rounds", rounds)
    lab.note("agents_restarted", restarted)
    lab.note("standby_was_down_s", down_for)
    verdicts = {node.name: [v for v in journal.verdicts(node) if v["at"] > lab.began] for node in lab.cluster.nodes}
    lab.note("stops", sum(v["action"] in ladder.STOPS for of_node in verdicts.values() for v in of_node))
    lab.note("rules", {name: {rule: sum(v["rule"] == rule for v in of_node) for rule in sorted({v["rule"] for v in of_node})}
                       for name, of_node in verdicts.items()})
    lab.note("fenced_at_any_time", len([a for a in lab.workload.answers() if a.asked > lab.began and (a.status or {}).get("fence", {}).get("fenced")]))
    lab.note("fenced_nodes", len(lab.fenced()))
    lab.note("primary_moved", lab.primary is not primary)
    lab.note("timeline_moved", lab.cluster.primaries()[0][0] != timeline)
    lab.hold(10, "nothing is lost any more")


def standby_down(lab, standby, seconds: float) -> float:
    """Its PostgreSQL and its agent are stopped, so that one voter is left beside the primary's own; returns for how long."""
    say(f"SOAK: PostgreSQL and the agent of {standby} are stopped")
    began = time.monotonic()
    standby.systemctl("stop", "picket.service")
    standby.stop_postgres()
    lab.hold(seconds, "one voter is left")
    took = time.monotonic() - began
    standby.systemctl("start", "picket.service")
    standby.start_postgres()
    standby.systemctl("restart", "repmgrd.service")
    wait_until(lambda: standby.name in lab.primary.sql("select coalesce(string_agg(application_name, ' '), '') from pg_stat_replication"), 60,
               f"{standby} to stream")
    return took


def lost_percent(node, since: int) -> float:
    """Of what has arrived at the node's cable since its counter stood there, by the counter of the firewall's rule."""
    dropped = int(network.counted(node.name).split("packets ")[1].split()[0])
    return 100 * dropped / (network.received(node.name) - since)
