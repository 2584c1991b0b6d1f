"""What runs around PostgreSQL on the nodes: picket's stack, or the guide's with its defects mended (the control)."""

from pathlib import Path

from . import samples, wardrobe
from .settings import GATE_PORT, MACHINES, NODES, POSTGRES_PORT, node_id
from .templates import fill

# Any 32 bytes: the lab's nodes have nobody to hide from.
LAB_KEY = "6c" * 32
# Without it repmgrd may wait on a connection to a primary that was cut off, and elect nobody (docs/operating.md).
TCP_TIMEOUT = " tcp_user_timeout=2000"


class Stack:
    """Files laid over a node's root, and the units that follow PostgreSQL in their order of starting."""

    name = ""
    health_path = "/primary"
    repmgr_timing: dict = {}
    level = ""
    client_port = POSTGRES_PORT              # of the nodes, for clients that bypass the address
    units: tuple = ("repmgrd.service",)

    def install(self, upper: Path, node: str) -> None:
        wardrobe.put(upper, "etc/repmgr.conf", fill("repmgr.conf", node, **self.repmgr()))
        wardrobe.put(upper, "etc/systemd/system/repmgrd.service", fill("repmgrd.service", node))
        self.install_own(upper, node)
        # The instance is wanted by postgresql.service through Debian's generator, as on any Debian machine.
        wardrobe.enable(upper, "postgresql.service")
        for unit in self.units:
            wardrobe.enable(upper, unit)

    def install_own(self, upper: Path, node: str) -> None:
        pass

    def register(self, cluster) -> None:
        """What repmgr.nodes says differently from the snapshot; PostgreSQL streams, and nothing else runs yet."""

    def repmgr(self) -> dict:
        return self.repmgr_timing | {"GATE": "", "VALIDATION": "", "CONNINFO": ""}


class Bare(Stack):
    """PostgreSQL and repmgr only: what the cluster is provisioned with."""

    name = "bare"
    repmgr_timing = {"ATTEMPTS": 2, "INTERVAL": 1, "MONITOR": 1}


class Picket(Stack):
    name = "picket"
    repmgr_timing = {"ATTEMPTS": 2, "INTERVAL": 1, "MONITOR": 1}
    units = ("repmgrd.service", "picket.service", "keepalived.service", "haproxy.service")

    def __init__(self, stage: Path, level: str = "guard"):
        """`gate` is level lease with the client gate."""
        self.stage, self.gated = stage, level == "gate"
        self.level = "lease" if self.gated else level
        self.client_port = GATE_PORT if self.gated else POSTGRES_PORT

    def at(self, level: str) -> "Picket":
        return Picket(self.stage, level)

    def repmgr(self) -> dict:
        # At level lease nobody is promoted without it, neither by repmgrd nor by hand (docs/operating.md, "The lease").
        gated = {"GATE": "/usr/bin/picket gate promote -- ", "VALIDATION": "failover_validation_command='/usr/bin/picket gate vote'"}
        return super().repmgr() | {"CONNINFO": TCP_TIMEOUT} | (gated if self.level == "lease" else {})

    def register(self, cluster) -> None:
        # As an administrator who changes the conninfo of registered nodes does it; repmgrd asks its upstream by these rows.
        cluster["pg1"].sql(f"update repmgr.nodes set conninfo = conninfo || '{TCP_TIMEOUT}'", "repmgr")

    def install_own(self, upper: Path, node: str) -> None:
        wardrobe.lay_over(upper, self.stage)
        wardrobe.put(upper, "etc/picket/picket.toml", fill("picket.toml", node, LEVEL=self.level) + self._lease(upper))
        wardrobe.put(upper, "etc/keepalived/keepalived.conf", samples.keepalived(self._sample("keepalived.conf"), node))
        wardrobe.put(upper, "etc/systemd/system/keepalived.service.d/picket.conf", self._sample("keepalived-dropin.conf"))
        wardrobe.put(upper, "etc/haproxy/haproxy.cfg", samples.haproxy(self._sample("haproxy.cfg"), self.client_port))

    def _lease(self, upper: Path) -> str:
        if self.level != "lease":
            return ""
        key = upper / "etc/picket/cluster.key"
        key.parent.mkdir(parents=True, exist_ok=True)
        key.write_text(LAB_KEY + "\n")
        wardrobe.owned(key, "root", "postgres", 0o640)
        voters = " ".join(f"{node_id(name)}={MACHINES[name]}" for name in NODES)
        gate = f"client_gate = true\nclient_port = {GATE_PORT}\n" if self.gated else ""
        return f'\n[lease]\nvoters = "{voters}"\n{gate}'

    def _sample(self, name: str) -> str:
        return (self.stage / "usr/share/picket" / name).read_text()


class Mended(Stack):
    """The control. It keeps the guide's own timing, since the split brain it shows is not a matter of timing."""

    name = "mended"
    health_path = "/master"
    repmgr_timing = {"ATTEMPTS": 3, "INTERVAL": 5, "MONITOR": 2}
    units = ("repmgrd.service", "pgchk.service", "keepalived.service", "haproxy.service")

    def install_own(self, upper: Path, node: str) -> None:
        first = node == NODES[0]
        wardrobe.put(upper, "usr/local/bin/pgchk.py", fill("mended.pgchk.py", node), 0o755)
        wardrobe.put(upper, "etc/systemd/system/pgchk.service", fill("mended.pgchk.service", node))
        wardrobe.put(upper, "etc/haproxy/haproxy.cfg", fill("mended.haproxy.cfg", node))
        wardrobe.put(upper, "etc/keepalived/keepalived.conf", fill("mended.keepalived.conf", node, STATE="MASTER" if first else "BACKUP",
                                                                   PRIORITY=175 - 25 * NODES.index(node)))
        for script in ("check_postgresql.sh", "check_primary.sh"):
            wardrobe.put(upper, f"etc/keepalived/{script}", fill(f"mended.{script}", node), 0o755)


