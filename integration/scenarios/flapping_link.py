"""Level lease: the primary's cable is in and out every one to three seconds for a minute, then for good: never two who acknowledge, and no stop for each flap."""

import random
import time

from lab import journal, network
from lab.shell import wait_until

LEVEL = "lease"
BOUNDS = {"dual_ack_direct_s": ("==", 0), "stops": ("<=", 2), "promotions": ("<=", 1), "acks_of_two": ("==", 0), "whole_in_the_end": ("==", True),
          "vip_follows_primary": ("==", True)}
FLAPS_FOR = 60


def run(lab):
    old, timeline = lab.primary, lab.cluster.primaries()[0][0]
    client = lab.client_beside(old)
    chance = random.Random(4)   # the same flaps each time
    lab.fault(f"the cable of {old} begins to flap", old.cut_off, justifies_fence_of=old)
    cut, cuts = True, 1
    while time.monotonic() < lab.fault_at + FLAPS_FOR:
        time.sleep(chance.uniform(1, 3))
        cut = not cut
        (network.cut if cut else network.rejoin)(old.name)
        cuts += cut
    lab.note("cuts", cuts)
    healed = lab.heal(old)
    lab.await_ack_since("back_after_heal_s", healed, 60)
    lab.hold(20, "nothing more may happen")
    lab.note("client_beside_last_ack_s", lab.last_ack(client, old))
    stops = {node.name: [v for v in journal.verdicts(node) if v["at"] > lab.fault_at and v["action"] in ("stop_now", "stop_fast")
                         and v["rule"] != "R2"] for node in lab.cluster.nodes}
    lab.note("stops", sum(len(of_node) for of_node in stops.values()))
    lab.note("stop_rules", {name: [v["rule"] for v in of_node] for name, of_node in stops.items()})
    primaries = lab.cluster.primaries()
    lab.note("promotions", primaries[0][0] - timeline)
    new = primaries[0][1]
    # Whoever was replaced acknowledges nothing any more.
    lab.note("acks_of_two", 0 if new is old else len(lab.acks_of(old, since=healed)))
    if new is not old:
        lab.rejoin(old)
    wait_until(lambda: new.sql("select count(*) from pg_stat_replication where state = 'streaming'") == "2", 60, "both standbys to stream")
    lab.await_unfenced(old, 30)
    lab.note("whole_in_the_end", len(lab.cluster.primaries()) == 1 and not lab.fenced())
