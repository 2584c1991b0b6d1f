"""Three nodes from dark to serving, and the questions one asks a cluster."""

from concurrent.futures import ThreadPoolExecutor

from . import provision, stacks, wardrobe
from .node import Node
from .settings import ADDRESS, NODES, postgres_unit
from .shell import CommandFailed, say, wait_until


class Cluster:
    def __init__(self, stack):
        self.stack = stack
        self.nodes = [Node(name) for name in NODES]

    def __getitem__(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    # -- start ------------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        """All three from the snapshot (made first if there is none), PostgreSQL streaming, then the stack in order."""
        if not provision.is_kept():
            raise CommandFailed("no snapshot: provision first")
        self._on_all(self._boot_one)
        say("three nodes booted")
        # The primary first: a standby that finds nobody waits five seconds before it tries again. Its unit takes two
        # seconds to notice that it runs, which need not be waited for here.
        self["pg1"].systemctl("start", "--no-block", postgres_unit())
        wait_until(lambda: self["pg1"].accepts_connections(), 30, "the primary to accept connections")
        self._on_all(lambda node: node.start(postgres_unit(), "postgresql.service"))
        wait_until(lambda: self["pg1"].sql("select count(*) from pg_stat_replication where state = 'streaming'") == "2", 30,
                   "both standbys to stream")
        say("PostgreSQL streams")
        self.stack.register(self)
        for unit in self.stack.units:
            self._on_all(lambda node: node.start(unit))
        # What is enabled for the next boot is now also what runs.
        self._on_all(lambda node: node.start("multi-user.target"))
        say(f"the {self.stack.name} stack runs")

    def _boot_one(self, node: Node, restored: bool = True) -> None:
        node.upper.mkdir(parents=True)
        wardrobe.dress(node.upper, node.name)
        if restored:
            provision.restore(node.upper, node.name)
        self.stack.install(node.upper, node.name)
        node.assemble()
        # Short of multi-user, so that the enabled units do not start before we say so.
        node.power_on("basic.target")
        node.await_boot()

    def _on_all(self, action) -> None:
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            list(pool.map(action, self.nodes))

    # -- questions --------------------------------------------------------------------------------------------------

    def primaries(self) -> list[tuple[int, Node]]:
        """(timeline, node) of everything that is not in recovery, the newest timeline first."""
        found = []
        for node in self.nodes:
            try:
                answer = node.sql("select pg_is_in_recovery(), case when pg_is_in_recovery() then '' "
                                  "else left(pg_walfile_name(pg_current_wal_lsn()), 8) end", timeout=3)
            except CommandFailed:
                continue
            recovering, timeline = answer.split("|")
            if recovering == "f":
                found.append((int(timeline, 16), node))
        return sorted(found, key=lambda pair: -pair[0])

    def address_holders(self) -> list[str]:
        return [node.name for node in self.nodes if node.holds_address(ADDRESS)]


def make_snapshot() -> None:
    """Provisions three bare nodes and keeps what they became."""
    cluster = Cluster(stacks.Bare())
    cluster._on_all(lambda node: cluster._boot_one(node, restored=False))
    provision.provision(cluster.nodes)
    provision.keep(cluster.nodes)
    say("the snapshot is kept")
