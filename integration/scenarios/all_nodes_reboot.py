"""All three hosts lose power and boot one after the other: exactly one primary, the right one, on the timeline it had."""

import os  # PICKET_ALL_ORDERS=1: all six instead of two
import time
from itertools import permutations

BOUNDS = {"orders_right": ("==", True), "dual_ack_direct_s": ("==", 0), "lost_acked": ("==", 0), "fenced_nodes": ("==", 0),
          "vip_follows_primary": ("==", True)}
APART = 2


def run(lab):
    right = lab.primary
    timeline = lab.cluster.primaries()[0][0]
    others = [node for node in lab.cluster.nodes if node is not right]
    # The two that differ most: the primary first, before there is anybody to ask, and last.
    orders = [[right, *others], [*others, right]]
    if os.environ.get("PICKET_ALL_ORDERS", "") not in ("", "0"):
        orders = [list(order) for order in permutations(lab.cluster.nodes)]
    results = {}
    for order in orders:
        name = " ".join(node.name for node in order)
        lab.fault(f"all three hosts lose power; they boot as {name}", lambda: [node.lose_power() for node in lab.cluster.nodes])
        lab.hold(1)
        dark = time.monotonic()
        for node in order:
            node.come_back()
            lab.hold(APART, f"{node} boots")
        back = lab.await_ack_since("back_after_power_s", dark, 90)
        lab.hold(5)
        found = [(number, node.name) for number, node in lab.cluster.primaries()]
        results[name] = {"primaries": found, "writes_back_s": back}
        lab.note("orders", results)
    lab.note("orders_right", all(result["primaries"] == [(timeline, right.name)] for result in results.values()))
    lab.note("fenced_nodes", len(lab.fenced()))
