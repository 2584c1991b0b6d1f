"""Builds picket and lays out its install tree, which is put over the nodes' roots at every start."""

import os
import shutil
from pathlib import Path

from .settings import TREE
from .shell import say, sh

STAGE = Path("/var/cache/picket-lab-stage")


def build() -> None:
    """Takes minutes the first time, so before the lab is occupied; nothing to do when PICKET_STAGE names an install tree."""
    if os.environ.get("PICKET_STAGE"):
        return
    say("building picket")
    sh(*_as_owner(), "cmake", "--preset", "release", cwd=TREE, timeout=300)
    sh(*_as_owner(), "cmake", "--build", "--preset", "release", cwd=TREE, timeout=1800)


def stage() -> Path:
    """The install tree; PICKET_STAGE names one that somebody else has made."""
    if given := os.environ.get("PICKET_STAGE"):
        return _checked(Path(given))
    shutil.rmtree(STAGE, ignore_errors=True)
    sh("cmake", "--install", TREE / "build" / "release", "--prefix", "/usr", env=os.environ | {"DESTDIR": str(STAGE)}, cwd=TREE, timeout=120)
    (TREE / "build" / "release" / "install_manifest.txt").unlink(missing_ok=True)   # root's; the build folder may be another's
    return _checked(STAGE)


def _as_owner() -> list[str]:
    """Under sudo the build folder stays that of whoever typed it, if the tree is his."""
    caller = os.environ.get("SUDO_USER", "")
    if caller in ("", "root") or str(TREE.stat().st_uid) != os.environ.get("SUDO_UID"):
        return []
    return ["sudo", "-H", "-u", caller]


def _checked(tree: Path) -> Path:
    if not (tree / "usr/bin/picketd").exists():
        raise SystemExit(f"{tree} is no install tree of picket: there is no picketd in it")
    return tree
