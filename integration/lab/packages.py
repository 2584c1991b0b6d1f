"""What the lab needs from the distribution, and its installation when something is missing."""

import os
import shutil
import subprocess

from .shell import say, sh

PLAIN = ("systemd-container", "dbus", "polkitd", "sudo", "iproute2", "nftables", "python3-psycopg2", "keepalived", "haproxy", "postgresql")


def missing() -> list[str]:
    """The packages that are not there; repmgr's is named after the PostgreSQL of the distribution."""
    wanted = list(PLAIN)
    if repmgr := repmgr_package():
        wanted.append(repmgr)
    listed = sh("dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *wanted, check=False).splitlines()
    present = {line.split()[1] for line in listed if line.startswith("installed ")}
    return [name for name in wanted if name not in present]


def repmgr_package() -> str:
    """postgresql-NN-repmgr for the NN that `postgresql` stands for here."""
    if shutil.which("apt-cache") is None:
        return ""
    for line in sh("apt-cache", "depends", "postgresql", check=False).splitlines():
        words = line.split()
        if words[:1] == ["Depends:"] and words[-1].removeprefix("postgresql-").isdigit():
            return f"{words[-1]}-repmgr"
    return ""


def install_missing() -> None:
    if not (names := missing()):
        return
    say(f"installing {' '.join(names)}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "-qq", "update"], env=environment, check=True, timeout=300)
    # The package of repmgr can only be named once the lists are there.
    subprocess.run(["apt-get", "-qq", "install", "-y", "--no-install-recommends", *missing()], env=environment, check=True, timeout=900)
