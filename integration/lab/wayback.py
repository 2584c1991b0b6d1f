"""The way back of an old primary: set to be automatic, watched until the node is healthy, and the three nodes' data compared."""

import json
import time

from .settings import NODES
from .shell import CommandFailed, say, wait_until

DIGEST = "select count(*) || ' ' || md5(string_agg(writer || ':' || seq, ' ' order by writer, seq)) from writes"


def by_itself(lab) -> None:
    """rejoin = "auto" on every node, the primary's agent restarted last."""
    primary = lab.primary
    for node in sorted(lab.cluster.nodes, key=lambda node: node is primary):
        path = node.file("/etc/picket/picket.toml")
        path.write_text('rejoin = "auto"\n' + path.read_text())
        node.systemctl("restart", "picket.service")
    began = time.monotonic()
    wait_until(lambda: lab.workload.first_ack(began), 20, "writes after the agents were restarted", every=0.2)


def cut_writes_and_dies(lab, node) -> None:
    """What a rejoin has to deal with: rows that only the old primary ever had."""
    node.cut_off()
    lab.client_beside(node)
    node.lose_power()


def await_health(lab, node, since: float, timeout: float) -> None:
    """Until the node streams, answers /replica with 200 and is fenced no more; notes when, and how long the marker outlived the streaming."""
    streaming = healthy = None
    fenced = True
    while time.monotonic() < since + timeout and (fenced or not healthy):
        fenced = node.name in lab.fenced()
        if streaming is None and _streams(node):
            streaming = time.monotonic()
            lab.note("streams_after_s", streaming - since)
        if streaming and not fenced:
            healthy = time.monotonic() if _replica(lab, node) else None
        time.sleep(0.1)
    lab.note("marker_cleared", not fenced)
    lab.note("marker_outlived_streaming_s", time.monotonic() - streaming if streaming and not fenced else None)
    lab.note("three_healthy_after_s", healthy - since if healthy else None)


def _streams(node) -> bool:
    try:
        return node.sql("select status from pg_stat_wal_receiver", timeout=3) == "streaming"
    except CommandFailed:
        return False


def _replica(lab, node) -> bool:
    others = [other for other in lab.cluster.nodes if other is not lab.primary]
    said = {other.name: other.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://localhost:8008/replica", check=False) for other in others}
    return set(said.values()) == {"200"}


def record(lab, node) -> None:
    """What the job wrote down, and whether what only the old primary had is kept."""
    try:
        said = json.loads(node.file("/var/lib/picket/rejoin.json").read_text())
    except (OSError, ValueError):
        said = {}
    lab.note("rejoin_state", said.get("state"))
    lab.note("rejoin_said", said.get("sentence"))
    lab.note("rejoin_steps", said.get("steps"))
    kept = list(node.file("/var/lib/picket/diverged").glob("*/summary.txt"))
    lab.note("diverged_kept", any("desc: COMMIT" in path.read_text() for path in kept))


def compare(lab) -> None:
    """The writers stand still until everything is replayed; then the written table must be the same on all three."""
    lab.workload.pause()
    try:
        end = lab.primary.sql("select pg_current_wal_lsn()")
        for node in lab.cluster.nodes:
            if node is not lab.primary:
                wait_until(lambda: node.sql(f"select pg_last_wal_replay_lsn() >= '{end}'") == "t", 20, f"{node} to replay")
        digests = {node.name: node.sql(DIGEST, "app", timeout=30) for node in lab.cluster.nodes}
    finally:
        lab.workload.resume()
    say(f"digests: {digests}")
    lab.note("digests_equal", len(digests) == len(NODES) and len(set(digests.values())) == 1)
