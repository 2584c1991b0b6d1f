"""Level lease: somebody edits repmgr.nodes by hand, two primaries, then wrong types, a witness too, then a wrong upstream: metadata is no reason for anybody to act."""

from lab import journal

LEVEL = "lease"
BOUNDS = {"write_gap_s": ("<", 0.5), "fenced_nodes": ("==", 0), "primary_moved": ("==", False), "timeline_moved": ("==", False), "acted": ("==", 0),
          "withdrawn": ("==", 0), "edits": ("==", 5), "dual_ack_direct_s": ("==", 0), "vip_follows_primary": ("==", True)}


def run(lab):
    primary, timeline = lab.primary, lab.cluster.primaries()[0][0]
    one, other = [node for node in lab.cluster.nodes if node is not primary]
    edits = {
        f"{one} is a primary as well": f"update repmgr.nodes set type = 'primary', upstream_node_id = null where node_id = {one.id}",
        f"{primary} is a standby": f"update repmgr.nodes set type = 'standby', upstream_node_id = {one.id} where node_id = {primary.id}",
        f"{primary} is the witness": f"update repmgr.nodes set type = 'witness' where node_id = {primary.id}",
        f"{primary} is inactive": f"update repmgr.nodes set active = false where node_id = {primary.id}",
        f"{other} follows itself, and has another name": f"update repmgr.nodes set upstream_node_id = {other.id}, node_name = 'stranger' where node_id = {other.id}",
    }
    primary.sql("create table kept as select * from repmgr.nodes", "repmgr")
    done = 0
    for words, query in edits.items():
        lab.fault(f"repmgr.nodes says that {words}", lambda: primary.sql(query, "repmgr"))
        lab.hold(10, "everybody has read it")
        done += 1
    lab.note("edits", done)
    lab.note("alarms", sorted({alarm for node in lab.cluster.nodes for v in journal.verdicts(node) if v["at"] > lab.began
                               for alarm in v["alarms"].split("; ") if alarm}))
    lab.note("withdrawn", lab.withdrawn(primary, since=lab.began))
    lab.note("acted", sum(v["action"] not in (None, "none") for node in lab.cluster.nodes for v in journal.verdicts(node) if v["at"] > lab.began))
    lab.note("fenced_nodes", len(lab.fenced()))
    primaries = lab.cluster.primaries()
    lab.note("primary_moved", len(primaries) != 1 or primaries[0][1] is not primary)
    lab.note("timeline_moved", primaries[0][0] != timeline)
    primary.sql("update repmgr.nodes n set type = k.type, active = k.active, upstream_node_id = k.upstream_node_id, node_name = k.node_name "
                "from kept k where k.node_id = n.node_id; drop table kept", "repmgr")
    lab.hold(5)
