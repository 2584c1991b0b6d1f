"""Nothing happens for three minutes of load, and nothing may come of it."""

from lab.settings import short

BOUNDS = {"write_gap_s": ("<", 0.5), "fenced_nodes": ("==", 0), "refusals_by_primary": ("==", 0), "rule_changes": ("==", 0),
          "vip_follows_primary": ("==", True)}


def run(lab):
    primary = lab.primary
    began = len(lab.workload.answers())
    lab.hold(45 if short() else 180, "a quiet cluster under load")
    seen = lab.workload.answers()[began:]
    lab.note("refusals_by_primary", len([a for a in seen if a.node == primary.name and a.path == "/primary" and a.code != 200]))
    rules = {node.name: [a.rule for a in seen if a.node == node.name and a.rule] for node in lab.cluster.nodes}
    lab.note("rules", {name: sorted(set(of_node)) for name, of_node in rules.items()})
    lab.note("rule_changes", sum(a != b for of_node in rules.values() for a, b in zip(of_node, of_node[1:])))
    lab.note("fenced_nodes", len(lab.fenced()))
