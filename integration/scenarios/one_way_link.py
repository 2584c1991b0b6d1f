"""Level lease: nothing that the primary sends arrives, while it hears everybody: it must see that it is alone."""

from lab import network

LEVEL = "lease"
BOUNDS = {"dual_ack_direct_s": ("==", 0), "writes_back_s": ("<=", 11), "last_ack_isolated_s": ("<=", 3.5), "old_is_fenced": ("==", True)}


def run(lab):
    old = lab.primary
    client = lab.client_beside(old)
    others = lab.addresses_of_others(old)
    lab.fault(f"nothing from {old} reaches the other nodes", lambda: network.drop(old.name, *[f"out ip daddr {ip}" for ip in others]),
              justifies_fence_of=old)
    lab.await_writes(40, by_another_than=old)
    lab.hold(10)
    lab.note("last_ack_isolated_s", lab.last_ack(client))
    lab.note("old_is_fenced", old.name in lab.fenced())
    network.pass_again(old.name)
    lab.hold(5)
