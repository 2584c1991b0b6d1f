"""The packages that the lab needs: the same list as for building and testing, in tests/install-deps."""

import subprocess

from .settings import TREE
from .shell import say


def install_missing() -> None:
    say("looking for missing packages")
    subprocess.run([TREE / "tests" / "install-deps"], check=True, timeout=1800)
