"""Level lease: Keepalived's adverts are lost between all nodes and nothing else: nobody is fenced, the address stays where the primary is, and follows it."""

from lab import network

LEVEL = "lease"
BOUNDS = {"gap_while_fine_s": ("<", 0.5), "holders_while_fine": ("==", ["pg1"]), "fenced_while_fine": ("==", 0), "dual_ack_direct_s": ("==", 0),
          "writes_back_s": ("<=", 11), "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary

    def deaf():
        for node in lab.cluster.nodes:
            network.drop(node.name, "in ip protocol 112", "out ip protocol 112")
    lab.fault("protocol 112 is dropped on every node", deaf)
    lab.hold(20, "each Keepalived believes that it is alone")
    lab.note("gap_while_fine_s", lab.gap_since(lab.fault_at))
    lab.note("holders_while_fine", lab.cluster.address_holders())
    lab.note("fenced_while_fine", len(lab.fenced()))
    # And when the primary changes, no advert tells the other that it has to go: its own agent does.
    lab.fault(f"{old} loses power", old.lose_power, justifies_fence_of=old)
    lab.await_writes(40, by_another_than=old)
    lab.hold(5)
