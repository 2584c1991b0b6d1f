"""Level lease: a firewall drops the agents' datagrams to and from the primary. Without the voters it may not go on; another takes over, never both."""

from lab import network

LEVEL = "lease"
BOUNDS = {"dual_ack_direct_s": ("==", 0), "last_ack_blocked_s": ("<=", 3.5), "writes_back_s": ("<=", 15), "old_is_fenced": ("==", True)}


def run(lab):
    old = lab.primary
    client = lab.client_beside(old)
    lab.fault(f"UDP port 8009 of {old} is blocked", lambda: network.drop(old.name, "in udp dport 8009", "out udp dport 8009"),
              justifies_fence_of=old)
    lab.await_writes(40, by_another_than=old)
    lab.note("last_ack_blocked_s", lab.last_ack(client, old))
    lab.note("old_is_fenced", old.name in lab.fenced())
    network.pass_again(old.name)
    lab.hold(5)
