"""What picket wrote to a node's journal: one entry per change of the verdict. Readable whether the node has power or not."""

import json

from .shell import CommandFailed, sh


def verdicts(node) -> list[dict]:
    return [{"generation": int(entry["PICKET_GENERATION"]), "rule": entry["PICKET_RULE"], "sentence": entry.get("PICKET_SENTENCE"),
             "advert": entry.get("PICKET_ADVERT"), "action": entry.get("PICKET_ACTION"), "alarms": entry.get("PICKET_ALARMS") or "",
             "pid": entry.get("_PID"), "at": _when(entry)}
            for entry in _entries(node) if "PICKET_RULE" in entry and str(entry.get("PICKET_GENERATION", "")).isdigit()]


def fences(node) -> list[dict]:
    """How each fence went: its phases, and how long after the decision, by picket's own count in seconds."""
    return [{"phase": entry["PICKET_FENCE_PHASE"], "took": int(entry["PICKET_FENCE_MS"]) / 1000, "text": entry.get("MESSAGE"), "at": _when(entry)}
            for entry in _entries(node) if "PICKET_FENCE_PHASE" in entry]


def lines(node) -> list[str]:
    """Everything that the agent wrote, oldest first."""
    return [str(entry.get("MESSAGE")) for entry in _entries(node)]


def _entries(node) -> list[dict]:
    folder = node.file("/var/log/journal")
    try:
        text = sh("journalctl", "-D", folder, "-o", "json", "--no-pager", "_SYSTEMD_UNIT=picket.service", timeout=30)
    except CommandFailed:
        return []  # no journal yet, or none that is whole enough to be read
    return [json.loads(line) for line in text.splitlines()]


def _when(entry: dict) -> float:
    """On the clock that everything in the lab shares."""
    return int(entry.get("__MONOTONIC_TIMESTAMP", 0)) / 1e6


def start_gate(node) -> list[str]:
    """What the start gate said, oldest first."""
    try:
        text = sh("journalctl", "-D", node.file("/var/log/journal"), "-o", "cat", "--no-pager", timeout=30)
    except CommandFailed:
        return []
    return [line for line in text.splitlines() if line.startswith("picket start gate: ")]


def markers(nodes) -> dict[str, str]:
    """The fence marker of each node that has one: its text, since an unreadable marker counts as well."""
    found = {}
    for node in nodes:
        path = node.file("/var/lib/picket/fence.json")
        if path.exists():
            found[node.name] = path.read_text(errors="replace")
    return found


def reasons(marker: str) -> list:
    try:
        said = json.loads(marker)
    except ValueError:
        return []
    return said.get("reasons") or ([said["reason"]] if said.get("reason") else [])


def says(node, words: str) -> bool:
    """Whether the node's agent has ever said this in its journal."""
    text = sh("journalctl", "-D", node.file("/var/log/journal"), "-o", "cat", "--no-pager", "_SYSTEMD_UNIT=picket.service", timeout=30)
    return words in text
