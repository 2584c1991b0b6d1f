"""A host that only votes: what docs/operating.md, "Two servers and a witness", says, done to one of the three."""

import json

from .settings import MACHINES, NODES, data_directory, node_id
from .shell import say, wait_until

TOML = """role = "witness"
level = "lease"
node_id = {id}
[lease]
voters = "{voters}"
"""


def make_witness(lab, node) -> None:
    """Takes PostgreSQL, repmgr and the address's programs away from a standby's host for good, and leaves picketd."""
    say(f"{node} becomes a witness")
    for unit in ("repmgrd.service", "keepalived.service", "haproxy.service", "postgresql.service"):
        node.systemctl("disable", "--now", unit, check=False, timeout=60)
    node.stop_postgres()
    node.run("rm", "-rf", data_directory(), "/etc/repmgr.conf")
    lab.primary.as_postgres("repmgr", "-f", "/etc/repmgr.conf", "standby", "unregister", f"--node-id={node.id}")
    voters = " ".join(f"{node_id(name)}={MACHINES[name]}" for name in NODES)
    node.file("/etc/picket/picket.toml").write_text(TOML.format(id=node.id, voters=voters))
    node.systemctl("restart", "picket.service")
    await_vote(lab, node)
    servers = [other for other in lab.cluster.nodes if other is not node]
    wait_until(lambda: all(len(status(other).get("peers", [])) == 1 for other in servers), 20, "two nodes to be registered")


def await_vote(lab, node) -> None:
    """Until the witness knows whose lease it is."""
    wait_until(lambda: (status(node).get("lease") or {}).get("holder") == f"node {lab.primary.id}", 30, f"{node} to hear of the holder", every=0.5)


def status(node) -> dict:
    """What the agent says; empty while it does not answer."""
    said = node.run("picket", "status", "--json", check=False)
    return json.loads(said) if said.startswith("{") else {}
