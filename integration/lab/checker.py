"""Judges a history. Pure functions of records: no clock, no processes, no network, so that they can be shown to fail.

Times are the clients' own on one clock. Wherever the order of two events is not certain the benefit goes to the
cluster: a server is credited with having acknowledged from the end of its first answered write to the beginning of its last.
"""

from collections import defaultdict
from itertools import combinations

from .history import Answer, Op

PAUSE = 1.0     # a server silent for longer than this has stopped acknowledging; no fail-over and back is that quick
MOMENT = 0.05   # what a single acknowledgement inside another server's time counts for


def write_gap(ops: list[Op], start: float, end: float) -> tuple[float, float]:
    """(length, beginning) of the longest time without an acknowledgement; one that never ends counts up to the end."""
    times = [start, *sorted(op.answered for op in ops if op.acked and start <= op.answered <= end), end]
    return max((later - earlier, earlier) for earlier, later in zip(times, times[1:]))


def dual_ack(ops: list[Op]) -> float:
    """Seconds in which two servers acknowledged writes: a fail-over and even a way back are none, alternation is."""
    by_server = defaultdict(list)
    for op in ops:
        if op.acked:
            by_server[op.server].append((op.asked, op.answered))
    return overlap({server: _spells(acks) for server, acks in by_server.items()}, MOMENT)


def _spells(acks: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A server's times of acknowledging, cut wherever it paused; that of a single write ends before it begins."""
    groups = []
    for ack in sorted(acks, key=lambda pair: pair[1]):
        if groups and ack[1] - groups[-1][-1][1] <= PAUSE:
            groups[-1].append(ack)
        else:
            groups.append([ack])
    return [(group[0][1], max(asked for asked, _ in group)) for group in groups]


def overlap(spells: dict[str, list[tuple[float, float]]], moment: float) -> float:
    """Length of the time that lies in spells of two owners at once."""
    shared = []
    for one, other in combinations(sorted(spells), 2):
        for a in spells[one]:
            for b in spells[other]:
                begin, end = max(a[0], b[0]), min(a[1], b[1])
                if end > begin:
                    shared.append((begin, end))
                elif _within(a, b) or _within(b, a):
                    shared.append((begin, begin + moment))
    return _length(shared)


def _within(single: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether a single event, from its asking to its answer, lies inside another owner's time."""
    answered, asked = single
    return asked <= answered and other[0] < asked and answered < other[1]


def _length(intervals: list[tuple[float, float]]) -> float:
    """Total length of a union, so that three owners at once are not counted twice."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(intervals):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


def lost(ops: list[Op], present: set[tuple[str, int]]) -> list[Op]:
    """Acknowledged, and not there in the end. A write of unknown outcome may be there or not: both are right."""
    return [op for op in ops if op.acked and (op.writer, op.seq) not in present]


def invented(ops: list[Op], present: set[tuple[str, int]]) -> list[Op]:
    """Certainly refused, and there all the same: then the log of the clients is not to be trusted."""
    return [op for op in ops if op.outcome == "fail" and op.seq and (op.writer, op.seq) in present]


def dual_200(answers: list[Answer], path: str, interval: float) -> float:
    """Seconds in which two nodes answered 200. A node is credited with 200 between two such answers in a row only."""
    spells = defaultdict(list)
    open_spell: dict[str, list[float]] = {}
    for answer in sorted((a for a in answers if a.path == path), key=lambda a: a.answered):
        if answer.code != 200:
            open_spell.pop(answer.node, None)
        elif answer.node in open_spell:
            open_spell[answer.node][1] = answer.answered
        else:
            open_spell[answer.node] = [answer.answered, answer.answered]
            spells[answer.node].append(open_spell[answer.node])
    return overlap({node: [tuple(spell) for spell in of_node] for node, of_node in spells.items()}, interval)


def compared(answers: list[Answer], journal: dict[str, list[dict]]) -> tuple[int, int]:
    """How many verdicts were seen both on a page and in the journal, and how many on a page only.

    Without the first number "no disagreement" could mean that nothing was compared.
    """
    seen = {(answer.node, answer.generation) for answer in answers if answer.generation is not None and answer.code}
    written = {(node, line["generation"]) for node, lines in journal.items() for line in lines}
    return len(seen & written), len(seen - written)


def inconsistencies(answers: list[Answer], journal: dict[str, list[dict]]) -> list[str]:
    """Where health answer, status and journal of one node disagree about one and the same verdict."""
    found = []
    said: dict[tuple, tuple] = {}
    for answer in answers:
        if answer.generation is None or not answer.code:
            continue
        if answer.generation == 0:  # the agent has just begun, and has not decided anything yet
            if answer.code == 200:
                found.append(f"{answer.node} answered 200 before its first verdict")
            continue
        verdict = answer.status.get("verdict")
        if verdict:
            lines = [line for line in journal.get(answer.node, []) if line["generation"] == answer.generation]
            words = (verdict.get("rule"), verdict.get("sentence"))
            if lines and words not in [(line["rule"], line["sentence"]) for line in lines]:
                found.append(f"{answer.node} generation {answer.generation}: status says {words}, journal says "
                             f"{[(line['rule'], line['sentence']) for line in lines]}")
            if answer.rule and answer.rule != words[0]:
                found.append(f"{answer.node} generation {answer.generation}: header says {answer.rule}, body says {words[0]}")
            should_be = verdict.get("advert") == "primary"
        else:
            should_be = None
        rule, is_200 = answer.rule or (verdict or {}).get("rule"), (answer.code == 200 if answer.path == "/primary" else should_be)
        if rule == "R14":  # believes the role for a moment; the page also looks at the server, which may end in that moment
            is_200 = None
        # The daemon counts from the start again when it is restarted, so a generation means something for a while only.
        before = said.get((answer.node, answer.generation))
        if before and answer.answered - before[2] < PAUSE and (before[0] != rule or before[1] != is_200):
            found.append(f"{answer.node} generation {answer.generation}: said {before[:2]}, then {(rule, is_200)}")
        said[(answer.node, answer.generation)] = (rule, is_200, answer.answered)
    return found
