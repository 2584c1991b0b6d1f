"""Level lease: the primary is cut off from the other nodes by a firewall that answers with resets, its clients reach it: the quickest election of all."""

from lab import network

LEVEL = "lease"
BOUNDS = {"dual_ack_direct_s": ("==", 0), "last_ack_isolated_s": ("<=", 3.5), "writes_back_s": ("<=", 11), "acks_after_heal": ("==", 0),
          "stopped_at_heal": ("==", False), "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    client = lab.client_beside(old)
    others = lab.addresses_of_others(old)

    def cut():
        network.refuse(old.name, *[f"in ip saddr {ip} meta l4proto tcp" for ip in others])
        network.drop(old.name, *[f"in ip saddr {ip}" for ip in others], *[f"out ip daddr {ip} meta l4proto != tcp" for ip in others],
                     "in ip protocol 112", "out ip protocol 112")
    lab.fault(f"{old} answers the other nodes with resets, and hears nothing of them", cut, justifies_fence_of=old)
    lab.await_writes(40, by_another_than=old)
    lab.hold_until(lab.fault_at + 20, "the two sides live apart")
    lab.note("last_ack_isolated_s", lab.last_ack(client))
    lab.note_heal(old, lab.heal_firewall)
