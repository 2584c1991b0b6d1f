"""Level lease: every agent is restarted in the same moment, as by one command to all hosts, and once more by kill -9: nobody is fenced."""

from concurrent.futures import ThreadPoolExecutor

LEVEL = "lease"
BOUNDS = {"write_gap_s": ("<", 1.5), "fenced_nodes": ("==", 0), "primary_moved": ("==", False), "dual_ack_direct_s": ("==", 0)}


def run(lab):
    primary = lab.primary
    nodes = lab.cluster.nodes

    def everywhere(act):
        with ThreadPoolExecutor(len(nodes)) as hands:
            list(hands.map(act, nodes))

    lab.fault("all agents are restarted", lambda: everywhere(lambda node: node.systemctl("restart", "picket.service")))
    lab.hold(12)
    lab.fault("kill -9 of every picketd", lambda: everywhere(lambda node: node.kill_agent()))
    lab.hold(12)
    lab.note("primary_moved", lab.primary is not primary)
    lab.note("fenced_nodes", len(lab.fenced()))
