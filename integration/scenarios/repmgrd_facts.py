"""What the promotion gate takes for granted of repmgrd, asked of the real one: picket is stopped, the hooks are the lab's own."""

from lab.settings import postgres_version, short
from lab.shell import CommandFailed, wait_until

BOUNDS = {"manual_promotion_is_stopped": ("==", True), "refusal_is_asked_again": ("==", True), "promoted_after_waiting": ("==", True), "waited_s": (">=", 8),
          "sibling_follows": ("==", True), "promotions_tried": ("==", 1), "failed_promotion_is_final": ("==", True)}
# A hook does what a file says at the time, and notes when it was asked.
HOOK = "/usr/local/bin/lab-{0}"
SCRIPT = "#!/bin/sh\ndate +%s.%N >> /tmp/lab-{0}.asked\nexec sh /etc/lab-{0}\n"
PROMOTE = "exec repmgr standby promote -f /etc/repmgr.conf"


def run(lab):
    old = lab.primary
    standbys = [node for node in lab.cluster.nodes if node is not old]
    for node in lab.cluster.nodes:
        node.systemctl("stop", "picket.service")
    for node in standbys:
        for hook in ("validation", "promotion"):
            script = node.file(HOOK.format(hook))
            script.write_text(SCRIPT.format(hook))
            script.chmod(0o755)
        say(node, "validation", "exit 1")
        say(node, "promotion", PROMOTE)

    # service_promote_command is the innermost: a promotion by hand meets it as well.
    one = standbys[0]
    set_line(one, "service_promote_command", "/bin/false")
    try:
        one.as_postgres("repmgr", "-f", "/etc/repmgr.conf", "standby", "promote", "--force", timeout=90)
    except CommandFailed:
        pass
    lab.note("manual_promotion_is_stopped", one.sql("select pg_is_in_recovery()") == "t")

    for node in standbys:
        set_line(node, "service_promote_command", f"sudo /usr/bin/pg_ctlcluster {postgres_version()} main promote")
        set_line(node, "promote_command", HOOK.format("promotion"))
        set_line(node, "failover_validation_command", HOOK.format("validation"))
        set_line(node, "election_rerun_interval", "1")
        node.systemctl("restart", "repmgrd.service")
    lab.hold(5, "repmgrd looks around")
    lab.fault(f"PostgreSQL on {old} is stopped", old.stop_postgres)
    # A refused validation is asked again, after another election.
    candidate = wait_until(lambda: next((n for n in standbys if len(asked(n, "validation")) >= 2), None), 90, "a refused candidate to be asked again")
    times = asked(candidate, "validation")
    lab.note("refusal_is_asked_again", True)
    lab.note("asked_again_after_s", times[1] - times[0])
    lab.note("still_no_primary", not lab.cluster.primaries())
    # One that takes its time is waited for.
    for node in standbys:
        say(node, "validation", "sleep 8; exit 0")
    before = {node.name: len(asked(node, "validation")) for node in standbys}
    new = wait_until(lambda: next((node for _, node in lab.cluster.primaries()), None), 120, "the validated one to be promoted")
    lab.note("promoted_after_waiting", len(asked(new, "validation")) > before[new.name])
    lab.note("waited_s", asked(new, "promotion")[-1] - asked(new, "validation")[-1])
    sibling = next(node for node in standbys if node is not new)
    try:
        wait_until(lambda: sibling.name in new.sql("select coalesce(string_agg(application_name, ' '), '') from pg_stat_replication"), 40, "it to follow")
        lab.note("sibling_follows", True)
    except CommandFailed:
        lab.note("sibling_follows", False)

    # A promote_command that fails once is the end of it.
    lab.hold(5, "repmgrd looks around")
    say(sibling, "promotion", "exit 1")
    say(sibling, "validation", "exit 0")
    sibling.run("rm", "-f", "/tmp/lab-promotion.asked")
    lab.fault(f"PostgreSQL on {new} is stopped", new.stop_postgres)
    wait_until(lambda: asked(sibling, "promotion"), 90, "repmgrd to try a promotion")
    lab.hold(30 if short() else 60, "repmgrd does not try again")
    lab.note("promotions_tried", len(asked(sibling, "promotion")))
    lab.note("failed_promotion_is_final", sibling.sql("select pg_is_in_recovery()") == "t")
    new.start_postgres()


def say(node, hook: str, text: str) -> None:
    node.file(f"/etc/lab-{hook}").write_text(text + "\n")


def asked(node, hook: str) -> list[float]:
    """When repmgrd ran the hook, on the wall clock."""
    path = node.file(f"/tmp/lab-{hook}.asked")
    return [float(line) for line in path.read_text().split()] if path.exists() else []


def set_line(node, key: str, value: str) -> None:
    conf = node.file("/etc/repmgr.conf")
    lines = [line for line in conf.read_text().splitlines() if not line.startswith(key + "=")]
    conf.write_text("\n".join([*lines, f"{key}='{value}'"]) + "\n")

