"""One scenario from an empty floor to its verdict."""

import importlib
import time
import traceback
from pathlib import Path

from . import bounds, checker, evidence, journal, premises, provision
from .cluster import Cluster, make_snapshot
from .shell import CommandFailed, say, wait_until
from .settings import NODE_OF_IP
from .story import Story
from .workload import ADDRESS_INTERVAL, OBSERVER_INTERVAL, Workload

IN_FLIGHT = 0.1
SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


# After a scenario's name: the same incident at level lease, or there with the client gate, with the bounds that it names for that.
VARIANTS = {"@lease": "AT_LEASE", "@gate": "AT_GATE"}


def files() -> list[str]:
    return sorted(path.stem for path in SCENARIOS.glob("*.py") if not path.stem.startswith("_"))


def names() -> list[str]:
    return [name + variant for name in files() for variant in ("", *VARIANTS)
            if not variant or hasattr(importlib.import_module(f"scenarios.{name}"), VARIANTS[variant])]


def variant(name: str) -> str:
    return next((ending for ending in VARIANTS if name.endswith(ending)), "")


def load(name: str):
    if name not in names():
        raise SystemExit(f"no scenario {name}; there are: {', '.join(names())}")
    return importlib.import_module(f"scenarios.{name.removesuffix(variant(name))}")


def ensure_snapshot() -> None:
    if not provision.is_kept():
        say("no snapshot of this kind yet: provisioning")
        premises.open_floor()
        make_snapshot()
        premises.clear()


def run(name: str, stack, keep: bool = False) -> dict:
    return play(name, load(name), stack, keep)


def play(name: str, scenario, stack, keep: bool = False, watcher=None) -> dict:
    """One scenario (its story, its bounds); the result is complete even if it broke off, and says why it failed.

    A watcher is told when there is a cluster under load to be looked at, and when there is none any more.
    """
    control = stack.name != "picket"
    if not control:
        stack = stack.at(variant(name)[1:] or getattr(scenario, "LEVEL", "guard"))
    limits = scenario.CONTROL if control else bounds.ALWAYS | scenario.BOUNDS
    if variant(name):
        limits = bounds.ALWAYS | getattr(scenario, VARIANTS[variant(name)])
    say(f"--- {name} on the {stack.name} stack: {scenario.__doc__.strip().splitlines()[0]}")
    result = {"scenario": name, "stack": stack.name, "passed": False}
    workload = None
    try:
        premises.open_floor()
        cluster = Cluster(stack)
        cluster.boot()
        workload = Workload(stack.health_path, with_status=not control, client_port=stack.client_port)
        workload.start()
        story = begin(cluster, workload)
        if watcher:
            watcher.open(cluster, workload)
        scenario.run(story)
        if watcher:
            watcher.close()
        result |= judge(story)
        result["failed_because"] = bounds.broken(result, limits)
        result["passed"] = not result["failed_because"]
    except (CommandFailed, OSError, LookupError, ValueError) as broke:
        say("".join(traceback.format_exception(broke)[-3:]).strip())
        result["failed_because"] = [f"broke off: {' '.join(str(broke).split())[:300]}"]
    finally:
        if watcher:
            watcher.close()
        if workload:
            workload.stop()
        if "failed_because" in result and not result["passed"]:
            result["evidence"] = evidence.collect(f"{name}.{stack.name}")
        if not keep:
            premises.clear()
    result["bounds"] = bounds.in_words(limits)
    return result


def begin(cluster, workload) -> Story:
    """The load is steady once a second has passed with writes through the address."""
    wait_until(lambda: workload.first_ack(0), 45, "the first write through the address", every=0.2)
    wait_until(lambda: len([op for op in workload.ops("W1") if op.acked]) > 30, 15, "a steady load", every=0.2)
    say("writes go through the address")
    return Story(cluster, workload)


def judge(story: Story) -> dict:
    """Ends the load and measures. The final primary is the one of the newest timeline: the others' rows are lost."""
    ended = time.monotonic()
    story.workload.stop()
    workload, nodes = story.workload, story.cluster.nodes
    through, direct, answers = workload.through_address(), workload.direct(), workload.answers()
    gap, gap_at = checker.write_gap(through, story.began, ended)
    story.where()
    present = rows(story.cluster)
    lost, lost_direct = checker.lost(through, present), checker.lost(direct, present)
    fenced = journal.markers(nodes)
    written = {node.name: journal.verdicts(node) for node in nodes}
    disagreements = checker.inconsistencies(answers, written) if workload.with_status else []
    compared, unwritten = checker.compared(answers, written)
    for text in disagreements[:5]:
        say(f"inconsistent: {text}")
    return {
        "write_gap_s": round(gap, 3), "gap_after_fault_s": round(gap_at - story.fault_at, 3),
        "dual_ack_s": round(checker.dual_ack(through), 3), "dual_ack_direct_s": round(checker.dual_ack(through + direct), 3),
        "lost_acked": len(lost), "lost_acked_direct": len(lost_direct),
        # Replication is asynchronous: what was acknowledged in the instant of the fault may never have left the primary.
        "lost_in_flight": len([op for op in lost if abs(op.answered - story.fault_at) < IN_FLIGHT]),
        "lost_by": sorted({NODE_OF_IP.get(op.server, op.server) for op in lost + lost_direct}),
        "dual_primary_200_s": round(checker.dual_200(answers, workload.health_path, OBSERVER_INTERVAL), 3),
        "dual_address_s": round(checker.dual_200(workload.address_answers(), "arp", ADDRESS_INTERVAL), 3),
        "false_fences": len(set(fenced) - story.may_be_fenced), "fenced": sorted(fenced),
        "inconsistent": len(disagreements), "verdicts_compared": compared, "verdicts_unwritten": unwritten,
        "invented": len(checker.invented(through + direct, present)),
        "acked": len([op for op in through if op.acked]), "unknown": len([op for op in through if op.outcome == "unknown"]),
    } | story.facts


def rows(cluster) -> set[tuple[str, int]]:
    primaries = cluster.primaries()
    if not primaries:
        raise CommandFailed("no primary is left in the end")
    text = primaries[0][1].sql("select writer, seq from writes", "app", timeout=30)
    return {(writer, int(seq)) for writer, seq in (line.split("|") for line in text.splitlines())}
