"""The cluster as the guide builds it: a primary, two cloned standbys, all registered with repmgr. Done once, then kept.

Only /etc/postgresql and /var/lib/postgresql are kept, as one archive per node, under a key made of everything that went
into them. What lies around the cluster (units, Keepalived, HAProxy, the agent) is written anew for every scenario, so
changing it never costs a provisioning.
"""

import hashlib
import shutil
import tarfile
from pathlib import Path

from . import wardrobe
from .settings import CACHE, MACHINES, NODES, SUBNET, data_directory, postgres_unit, postgres_version
from .shell import say, sh, wait_until
from .templates import CONFIGS, fill

KEPT = ("etc/postgresql", "var/lib/postgresql")


def key() -> str:
    """Changes when anything changes that the provisioned clusters depend on."""
    inputs = [Path(__file__), CONFIGS / "postgresql.conf", CONFIGS / "pg_hba.conf", CONFIGS / "repmgr.conf"]
    digest = hashlib.sha256(repr((MACHINES, SUBNET)).encode())
    for path in inputs:
        digest.update(path.read_bytes())
    version = postgres_version()
    digest.update(sh("dpkg-query", "-W", f"postgresql-{version}", f"postgresql-{version}-repmgr").encode())
    return digest.hexdigest()[:16]


def archive(node: str) -> Path:
    return CACHE / key() / f"{node}.tar"


def is_kept() -> bool:
    return all(archive(node).exists() for node in NODES)


def restore(upper: Path, node: str) -> None:
    with tarfile.open(archive(node)) as tar:
        tar.extraction_filter = lambda member, _: member  # our own archive: owners and modes are the point of it
        tar.extractall(upper, numeric_owner=True)


def keep(nodes) -> None:
    """Archives the stopped clusters; an unfinished set of archives never has the final name."""
    shutil.rmtree(CACHE, ignore_errors=True)  # earlier keys are of no use to anybody
    unfinished = CACHE / "unfinished"
    unfinished.mkdir(parents=True)
    for node in nodes:
        with tarfile.open(unfinished / f"{node}.tar", "w", format=tarfile.PAX_FORMAT) as tar:
            for name in KEPT:
                tar.add(node.root / name, name)
    unfinished.rename(CACHE / key())


def provision(nodes) -> None:
    """On three booted, empty nodes. Leaves them stopped cleanly, ready to be kept."""
    first, *others = nodes
    make_primary(first)
    for node in others:
        clone(node, first)
    wait_until(lambda: first.sql("select count(*) from pg_stat_replication where state = 'streaming'") == "2", 30, "both standbys to stream")
    say("registered: " + " / ".join(first.sql("select node_name || ' ' || type from repmgr.nodes order by 1", "repmgr").split("\n")))
    # The primary first: it hands its last record to the standbys that still listen, so all three stop at one place.
    for node in nodes:
        node.stop_postgres()


def make_primary(node) -> None:
    say(f"{node}: creating the cluster")
    version = postgres_version()
    node.run("pg_createcluster", version, "main", "--", "--auth=trust")
    configure(node)
    node.start(postgres_unit())
    node.as_postgres("createuser", "--superuser", "repmgr")
    node.as_postgres("createdb", "--owner=repmgr", "repmgr")
    node.sql("alter user repmgr set search_path to repmgr, public")
    node.as_postgres("createuser", "app")
    node.as_postgres("createdb", "--owner=app", "app")
    # direct marks rows of writers that bypass the address: they are judged apart.
    node.sql("""create table writes (writer text, seq bigint, direct boolean not null, at timestamptz not null default now(),
                primary key (writer, seq)); alter table writes owner to app""", "app")
    node.as_postgres("repmgr", "-f", "/etc/repmgr.conf", "primary", "register")


def clone(node, primary) -> None:
    say(f"{node}: cloning from {primary}")
    # A cluster of its own is made only for what Debian keeps in /etc; its data is replaced.
    node.run("pg_createcluster", postgres_version(), "main", "--", "--auth=trust")
    configure(node)
    node.run("rm", "-rf", data_directory())
    node.as_postgres("repmgr", "-h", primary.ip, "-U", "repmgr", "-d", "repmgr", "-f", "/etc/repmgr.conf",
                     "standby", "clone", "--fast-checkpoint", timeout=90)
    node.start(postgres_unit())
    node.as_postgres("repmgr", "-f", "/etc/repmgr.conf", "standby", "register")


def configure(node) -> None:
    folder = f"etc/postgresql/{postgres_version()}/main"
    for name in ("conf.d/lab.conf", "pg_hba.conf"):
        source = "postgresql.conf" if name.startswith("conf.d") else name
        path = node.root / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(fill(source, node.name))
        wardrobe.owned(path, "postgres", "postgres", 0o640)
    # Started by hand and in order by the lab; enabled by the stack's own links.
    (node.root / folder / "start.conf").write_text("auto\n")
