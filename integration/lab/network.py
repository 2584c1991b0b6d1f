"""The lab's network: a switch namespace with a bridge, and one namespace and one cable per machine.

Nothing is configured on the host's own network. Carrier stays up when a port leaves the bridge, so that is the silent
partition; deleting the cable is what a node without power looks like to the others.
"""

from .settings import MACHINES, NETWORK_PREFIX, SUBNET, SWITCH, hardware_address
from .shell import sh

WIDTH = SUBNET.split("/")[1]


def namespace(machine: str) -> str:
    return NETWORK_PREFIX + machine


def build() -> None:
    sh("ip", "netns", "add", SWITCH)
    # Without multicast snooping VRRP adverts reach every port from the first packet on.
    sh("ip", "-n", SWITCH, "link", "add", "br0", "type", "bridge", "stp_state", "0", "mcast_snooping", "0")
    sh("ip", "-n", SWITCH, "link", "set", "br0", "up")
    sh("ip", "-n", SWITCH, "link", "set", "lo", "up")
    for machine in MACHINES:
        plug_in(machine)


def plug_in(machine: str) -> None:
    """A fresh namespace with a cable to the switch; the hardware address stays the machine's own across power cycles."""
    ip = MACHINES[machine]
    ns = namespace(machine)
    sh("ip", "netns", "add", ns)
    sh("ip", "link", "add", machine, "netns", SWITCH, "type", "veth", "peer", "name", "eth0", "address",
       hardware_address(machine), "netns", ns)
    sh("ip", "-n", ns, "link", "set", "lo", "up")
    sh("ip", "-n", ns, "addr", "add", f"{ip}/{WIDTH}", "dev", "eth0")
    sh("ip", "-n", ns, "link", "set", "eth0", "up")
    sh("ip", "-n", SWITCH, "link", "set", machine, "up")
    rejoin(machine)


def unplug(machine: str) -> None:
    """The machine's cable and namespace go, with every socket still in it."""
    sh("ip", "-n", SWITCH, "link", "del", machine, check=False)
    sh("ip", "netns", "del", namespace(machine), check=False)


def cut(machine: str) -> None:
    """Silence in both directions; the machine still sees carrier."""
    sh("ip", "-n", SWITCH, "link", "set", machine, "nomaster")


def rejoin(machine: str) -> None:
    sh("ip", "-n", SWITCH, "link", "set", machine, "master", "br0")


def drop(machine: str, *rules: str) -> None:
    """Packets that one of the nft rules matches vanish inside the machine; "in" and "out" begin a rule."""
    _filter(machine, "drop", rules)


def refuse(machine: str, *rules: str) -> None:
    """TCP that one of the nft rules matches is answered with a reset, as by a firewall that says no."""
    _filter(machine, "reject with tcp reset", rules)


def _filter(machine: str, verdict: str, rules) -> None:
    """Chains and table may be there already: rules are added to those of an earlier call."""
    ns = namespace(machine)
    sh("ip", "netns", "exec", ns, "nft", "add table inet lab")
    for hook in ("input", "output"):
        sh("ip", "netns", "exec", ns, "nft", f"add chain inet lab {hook} {{ type filter hook {hook} priority 0; }}")
    for rule in rules:
        way, what = rule.split(" ", 1)
        sh("ip", "netns", "exec", ns, "nft", f"add rule inet lab {'input' if way == 'in' else 'output'} {what} {verdict}")


def pass_again(machine: str) -> None:
    sh("ip", "netns", "exec", namespace(machine), "nft", "delete table inet lab", check=False)


def counted(machine: str) -> str:
    """The rules inside the machine with their counters, as nft prints them."""
    return sh("ip", "netns", "exec", namespace(machine), "nft", "list table inet lab")


def received(machine: str) -> int:
    """Packets that have arrived at the machine's cable since it was plugged in."""
    return int(sh("ip", "netns", "exec", namespace(machine), "cat", "/sys/class/net/eth0/statistics/rx_packets"))


def holds(machine: str, ip: str) -> bool:
    """Whether the machine has this address on its cable now."""
    return f" {ip}/" in sh("ip", "-n", namespace(machine), "-o", "-4", "addr", "show", "dev", "eth0", check=False)


def remove_all() -> None:
    names = [line.split()[0] for line in sh("ip", "netns", "list").splitlines() if line.strip()]
    for name in names:
        if name.startswith(NETWORK_PREFIX):
            sh("ip", "netns", "del", name, check=False)
