"""Builds picket and lays out its install tree, which is put over the nodes' roots at every start."""

import os
import shutil
from pathlib import Path

from .settings import TREE
from .shell import say, sh

STAGE = Path("/var/cache/picket-lab-stage")


def stage(build: bool = True) -> Path:
    """The install tree; PICKET_STAGE names one that somebody else has made."""
    if given := os.environ.get("PICKET_STAGE"):
        return _checked(Path(given))
    folder = TREE / "build" / "release"
    if build:
        say("building picket")
        sh("cmake", "--preset", "release", cwd=TREE, timeout=300)
        sh("cmake", "--build", "--preset", "release", cwd=TREE, timeout=1800)
    shutil.rmtree(STAGE, ignore_errors=True)
    sh("cmake", "--install", folder, "--prefix", "/usr", env=os.environ | {"DESTDIR": str(STAGE)}, cwd=TREE, timeout=120)
    return _checked(STAGE)


def _checked(tree: Path) -> Path:
    if not (tree / "usr/bin/picketd").exists():
        raise SystemExit(f"{tree} is no install tree of picket: there is no picketd in it")
    return tree
