"""Running commands with a bound on their time, and telling the reader what goes on."""

import signal
import subprocess
import sys
import time

STARTED = time.monotonic()


class CommandFailed(RuntimeError):
    pass


def to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


listener = to_stderr    # where narration goes; the demo takes it over while its picture is on the screen


def say(text: str) -> None:
    listener(f"[{time.monotonic() - STARTED:6.1f}] {text}")


def sh(*command, check=True, timeout=30, **options) -> str:
    """Runs a command and returns what it printed; a failure carries the command's own words."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=options.pop("stdin", subprocess.DEVNULL) if "input" not in options else None,
                              text=True, timeout=timeout, **options)
    except subprocess.TimeoutExpired as late:
        raise CommandFailed(f"{' '.join(words)}: no answer within {timeout} s") from late
    if check and done.returncode != 0:
        raise CommandFailed(f"{' '.join(words)}: exit {done.returncode}: {(done.stderr or done.stdout).strip()[-800:]}")
    return done.stdout


def wait_until(condition, timeout: float, what: str, every: float = 0.1):
    """Polls until the condition gives something true, and returns that; says what was missing if it never does."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise CommandFailed(f"waited {timeout:g} s in vain for {what}")
        time.sleep(every)


def end_politely() -> None:
    """A terminal that closes or a job that is cancelled ends the lab the same way Ctrl-C does: with everything cleared."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda caught, _: sys.exit(128 + caught))
