"""Level lease: the primary loses TCP and UDP to the other nodes, VRRP passes, clients reach it: the lease ends, and the address leaves in milliseconds."""

from lab import journal, network

LEVEL = "lease"
BOUNDS = {"dual_ack_direct_s": ("==", 0), "last_ack_cut_s": ("<=", 3.5), "address_left_after_s": ("<=", 0.3), "writes_back_s": ("<=", 11),
          "old_is_fenced": ("==", True), "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    client = lab.client_beside(old)
    others = lab.addresses_of_others(old)
    rules = [rule for ip in others for rule in (f"in ip saddr {ip} meta l4proto {{ tcp, udp }}", f"out ip daddr {ip} meta l4proto {{ tcp, udp }}")]
    lab.fault(f"TCP and UDP between {old} and the other nodes are dropped", lambda: network.drop(old.name, *rules), justifies_fence_of=old)
    lab.await_writes(40, by_another_than=old)
    lab.hold(5)
    lab.note("last_ack_cut_s", lab.last_ack(client, old))
    withdrawn = min((v["at"] for v in journal.verdicts(old) if v["at"] > lab.fault_at and v["advert"] == "down"), default=None)
    claims = [a.answered for a in lab.workload.address_answers() if a.node == old.name and a.code == 200 and a.asked > lab.fault_at]
    lab.note("address_left_after_s", max(max(claims, default=0) - withdrawn, 0.0) if withdrawn else None)
    lab.note("old_is_fenced", old.name in lab.fenced())
    network.pass_again(old.name)
    lab.hold(5)
