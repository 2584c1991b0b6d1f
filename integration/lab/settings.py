"""Names, addresses and folders of the lab: the one place where they are written down."""

import functools
import os
from pathlib import Path

LAB = Path("/run/picket-lab")            # a tmpfs of our own: roots, logs, everything that may vanish
CACHE = Path("/var/cache/picket-lab")    # the provisioned snapshot, which should survive between runs
LOCK = Path("/run/picket-lab.lock")

NODES = ("pg1", "pg2", "pg3")
NETWORK_PREFIX = "picket-"               # of every network namespace the lab makes
SWITCH = NETWORK_PREFIX + "sw"
CLIENT, WATCHER = "client", "watch"

SUBNET = "10.77.0.0/24"
ADDRESS = "10.77.0.100"                  # the one that moves
WRITES_PORT, READS_PORT, HEALTH_PORT, POSTGRES_PORT = 5000, 5001, 8008, 5432
GATE_PORT = 6433                         # by which clients reach PostgreSQL where there is a client gate

MACHINES = {"pg1": "10.77.0.11", "pg2": "10.77.0.12", "pg3": "10.77.0.13", CLIENT: "10.77.0.50", WATCHER: "10.77.0.60"}
NODE_OF_IP = {ip: name for name, ip in MACHINES.items()}

PYTHON = "/usr/bin/python3"              # Debian's own: it is the one that has psycopg2
TREE = Path(__file__).resolve().parents[2]


def hardware_address(machine: str) -> str:
    """Fixed, so that a machine keeps it when its cable is made anew after a power cut."""
    return "02:00:0a:4d:00:%02x" % int(MACHINES[machine].rsplit(".", 1)[1])


def node_id(node: str) -> int:
    return NODES.index(node) + 1


def short() -> bool:
    """CI wants the long scenarios short."""
    return os.environ.get("PICKET_SHORT", "") not in ("", "0")


@functools.cache
def postgres_version() -> str:
    """The newest major version that is installed with its server and repmgr."""
    versions = [p.parent.parent.name for p in Path("/usr/lib/postgresql").glob("*/bin/repmgrd")]
    if not versions:
        raise SystemExit("no PostgreSQL with repmgr is installed: run tests/install-deps")
    return max(versions, key=int)


def data_directory() -> str:
    return f"/var/lib/postgresql/{postgres_version()}/main"


def postgres_unit() -> str:
    return f"postgresql@{postgres_version()}-main.service"
