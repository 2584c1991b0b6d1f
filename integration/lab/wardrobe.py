"""What a node's root looks like before it boots: the host's files with everything hidden that is not the node's business.

Written straight into the upper folder of the overlay, before it is mounted. A folder marked opaque there hides the
host's folder of the same name without touching it.
"""

import os
import shutil
from pathlib import Path

from .settings import MACHINES, node_id

# What belongs to a Debian system; any other folder in / is the host's own affair and is hidden from the nodes.
SYSTEM = {"bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin", "sys", "usr", "var"}

# The host's clusters, logs, caches and enabled services must not leak into a node. Modes as Debian has them.
HIDDEN = {"etc/systemd/system": 0o755, "etc/postgresql": 0o755, "etc/keepalived": 0o755, "etc/haproxy": 0o755,
          "etc/network/interfaces.d": 0o755, "var/lib/postgresql": 0o755, "var/log": 0o755, "var/cache": 0o755,
          "var/tmp": 0o1777, "var/spool": 0o755, "usr/local/bin": 0o755, "var/lib/systemd/linger": 0o755}

# Masked: they wait for hardware, clocks or logins that a node does not have, and only cost boot time.
UNWANTED = ("systemd-logind", "console-getty", "systemd-binfmt", "systemd-firstboot", "systemd-timesyncd", "systemd-resolved",
            "systemd-networkd", "networkd-dispatcher", "snapd", "docker", "containerd", "unattended-upgrades", "cron", "ssh",
            "e2scrub_reap", "systemd-pcrphase", "systemd-pcrphase-sysinit", "systemd-machine-id-commit", "systemd-update-utmp",
            "systemd-update-utmp-runlevel")


def dress(upper: Path, node: str) -> None:
    upper.chmod(0o755)  # it becomes the node's /, which services of any user must be able to enter
    for entry in Path("/").iterdir():
        if entry.is_dir() and not entry.is_symlink() and entry.name not in SYSTEM:
            hide(upper, entry.name, 0o1777 if entry.name == "tmp" else 0o755)
    for name, mode in HIDDEN.items():
        hide(upper, name, mode)

    put(upper, "etc/hostname", node + "\n")
    put(upper, "etc/machine-id", "%032x\n" % (0x7069636b6574 << 64 | node_id(node)))
    put(upper, "etc/hosts", "127.0.0.1 localhost\n" + "".join(f"{ip} {name}\n" for name, ip in MACHINES.items()))
    put(upper, "etc/fstab", "")
    # The journal must survive a power cut: it is evidence.
    put(upper, "etc/systemd/journald.conf.d/lab.conf", "[Journal]\nStorage=persistent\nSyncIntervalSec=1s\nRateLimitIntervalSec=0\n")
    put(upper, "var/log/journal/.keep", "")
    owned(upper / "var/log/journal", "root", "systemd-journal", 0o2755)
    (upper / "var/log/postgresql").mkdir(parents=True)
    owned(upper / "var/log/postgresql", "root", "postgres", 0o1775)
    owned(upper / "var/lib/postgresql", "postgres", "postgres", 0o755)

    # As the guide needs it: repmgr, running as postgres, starts and stops the cluster through systemd.
    put(upper, "etc/sudoers.d/lab", "postgres ALL=(root) NOPASSWD: /usr/bin/pg_ctlcluster, /usr/bin/systemctl\n", 0o440)

    units = upper / "etc/systemd/system"
    (units / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
    for name in UNWANTED:
        (units / f"{name}.service").symlink_to("/dev/null")


def enable(upper: Path, unit: str, template: str | None = None, target: str = "multi-user.target") -> None:
    """As `systemctl enable` would, before there is a systemd to ask."""
    wants = upper / f"etc/systemd/system/{target}.wants"
    wants.mkdir(parents=True, exist_ok=True)
    source = template or unit
    folder = "/etc/systemd/system" if (upper / f"etc/systemd/system/{source}").exists() else "/lib/systemd/system"
    link = wants / unit
    if not link.is_symlink():
        link.symlink_to(f"{folder}/{source}")


def put(upper: Path, name: str, text: str | bytes, mode: int = 0o644) -> Path:
    path = upper / name
    parents(upper, name)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def lay_over(upper: Path, tree: Path) -> None:
    """Copies an install tree over the root, keeping modes."""
    for source in sorted(tree.rglob("*")):
        name = source.relative_to(tree)
        if source.is_symlink() or not source.is_dir():
            parents(upper, str(name))
            target = upper / name
            target.unlink(missing_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def parents(upper: Path, name: str) -> None:
    """The folders above a file, looking as they do on the host: an upper folder replaces the lower one's owner and mode."""
    at = Path()
    for part in Path(name).parent.parts:
        at /= part
        if (upper / at).exists():
            continue
        (upper / at).mkdir()
        if (lower := Path("/") / at).is_dir():
            seen = lower.stat()
            os.chown(upper / at, seen.st_uid, seen.st_gid)
            (upper / at).chmod(seen.st_mode & 0o7777)


def hide(upper: Path, name: str, mode: int) -> None:
    parents(upper, name)
    (upper / name).mkdir(exist_ok=True)
    (upper / name).chmod(mode)
    os.setxattr(upper / name, "trusted.overlay.opaque", b"y")


def owned(path: Path, user: str, group: str, mode: int) -> None:
    shutil.chown(path, user, group)
    path.chmod(mode)
