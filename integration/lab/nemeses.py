"""What a healthy cluster has to live with: each bends one thing for a while, shows that it was bent, and lets go again. None is a reason to fence."""

import time
from pathlib import Path

from . import wardrobe
from .settings import postgres_version
from .shell import CommandFailed, say, wait_until

CLOCK = "/run/lab-clock"    # what libfaketime adds to the clock of the node's PostgreSQL, repmgrd and picket; the kernel's stays as it is
FULL = ("too many clients", "remaining connection slots")


def exhaust_slots(primary, seconds: int = 12) -> bool:
    """Every connection slot, the superuser's too, is held; returns whether a newcomer was turned away."""
    say(f"SOAK: {primary} has no connection slot left")
    primary.as_postgres("sh", "-c", f"for i in $(seq 70); do psql -Xqc 'select pg_sleep({seconds})' postgres >/dev/null 2>&1 & done")
    ends = time.monotonic() + seconds
    refused = False
    while time.monotonic() < ends:
        try:
            primary.sql("select 1", timeout=5)
        except CommandFailed as failed:
            refused |= any(word in str(failed) for word in FULL)
        time.sleep(0.5)
    wait_until(lambda: _answers(primary), 30, f"{primary} to have a slot again")
    return refused


def storm_of_checkpoints(primary, seconds: float = 12) -> int:
    """Bulk writes with a checkpoint after each; returns how many there were."""
    say(f"SOAK: checkpoint storm on {primary}")
    ends, count = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        primary.sql("create table storm as select n, repeat('x', 200) as filler from generate_series(1, 50000) n", "app", timeout=60)
        primary.sql("checkpoint", timeout=60)
        primary.sql("drop table storm", "app", timeout=60)
        count += 1
    return count


def restart_agents(nodes) -> int:
    """One after the other, killed and then restarted as an administrator would; returns how many were new ones."""
    count = 0
    for node in nodes:
        say(f"SOAK: the agent of {node} is killed, then restarted")
        for restart in (node.kill_agent, lambda: node.systemctl("restart", "picket.service")):
            before = node.pids_called("picketd")
            restart()
            wait_until(lambda: set(node.pids_called("picketd")) - set(before), 20, f"another agent on {node}")
            wait_until(lambda: "not asked yet" not in node.run("picket", "status", check=False), 20, "it to look around")
            count += 1
            time.sleep(2)
    return count


def lose_standby(lab, standby) -> bool:
    """Its host loses power and boots again; returns whether it was gone and streams again."""
    say(f"SOAK: {standby} loses power")
    standby.lose_power()
    time.sleep(8)
    gone = standby.name not in lab.primary.sql("select coalesce(string_agg(application_name || state, ' '), '') from pg_stat_replication "
                                               "where reply_time > now() - interval '4 s'")
    lab.power_returns(standby)
    lab.await_streaming(standby, timeout=60)
    return gone


# -- the wall clock ------------------------------------------------------------------------------------------------------

def with_a_clock_to_step(node) -> None:
    """Puts the programs that read the wall clock under libfaketime; each is restarted for it. Timers are left alone."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    variables = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": CLOCK, "FAKETIME_CACHE_DURATION": 1, "FAKETIME_DONT_FAKE_MONOTONIC": 1,
                 "DONT_FAKE_MONOTONIC": 1}
    set_clock(node, 0)
    for unit in ("picket", "repmgrd"):
        wardrobe.put(node.file("/"), f"etc/systemd/system/{unit}.service.d/clock.conf",
                     "[Service]\n" + "".join(f"Environment={key}={value}\n" for key, value in variables.items()))
    environment = node.file(f"/etc/postgresql/{postgres_version()}/main/environment")
    environment.write_text("".join(f"{key} = '{value}'\n" for key, value in variables.items()))
    node.systemctl("daemon-reload")


def set_clock(node, seconds: int) -> None:
    """Replaced, never rewritten in place: a half-read file would be a clock of its own."""
    node.run("sh", "-c", f"echo '{seconds:+d}' > {CLOCK}.new && chmod 644 {CLOCK}.new && mv {CLOCK}.new {CLOCK}")


def clock_ahead(node) -> float:
    """Seconds by which the node's PostgreSQL is ahead of the host."""
    return float(node.sql("select extract(epoch from clock_timestamp())")) - time.time()


def step_clock(node, seconds: int, hold: float = 8) -> float:
    """For a while the node's clock is wrong by so much; returns by how much it was."""
    say(f"SOAK: the clock of {node} steps by {seconds} s")
    set_clock(node, seconds)
    time.sleep(hold)
    ahead = clock_ahead(node)
    set_clock(node, 0)
    time.sleep(hold / 2)
    return ahead


def _answers(node) -> bool:
    try:
        return node.sql("select 1", timeout=5) == "1"
    except CommandFailed:
        return False
