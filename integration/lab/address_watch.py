#!/usr/bin/python3
"""Asks the network who has the address, by ARP, and writes down every machine that says "I". Runs by itself in a namespace.

This is what a client would be told, so it needs no look into the nodes, and a cut or dark machine is rightly not heard.
It probes without an address of its own and from a machine of its own, so that no client learns a moved address from it.
"""

import argparse
import json
import signal
import socket
import struct
import sys
import time

ARP = 0x0806
HEAD = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)     # Ethernet, IPv4, request


def probe(mac: bytes, ip: bytes) -> bytes:
    return b"\xff" * 6 + mac + struct.pack("!H", ARP) + HEAD + mac + bytes(4) + bytes(6) + ip


def claims(packet: bytes, ip: bytes) -> bytes | None:
    """The hardware address of a reply that claims the address."""
    is_reply = len(packet) >= 42 and packet[12:14] == struct.pack("!H", ARP) and packet[20:22] == b"\x00\x02"
    return packet[22:28] if is_reply and packet[28:32] == ip else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--log", required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--interval", type=float, default=0.05)
    parser.add_argument("node", nargs="+", help="NAME=HARDWARE-ADDRESS")
    options = parser.parse_args()
    names = {bytes.fromhex(mac.replace(":", "")): name for name, mac in (word.split("=") for word in options.node)}
    ip = socket.inet_aton(options.address)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP))
    link.bind(("eth0", ARP))
    own = link.getsockname()[4]
    with open(options.log, "a", buffering=1) as log:
        while True:
            asked, heard = time.monotonic(), {}
            link.send(probe(own, ip))
            while (left := asked + options.interval - time.monotonic()) > 0:
                link.settimeout(left)
                try:
                    mac = claims(link.recv(128), ip)
                except TimeoutError:
                    break
                if mac in names:
                    heard[names[mac]] = time.monotonic()
            for name in names.values():
                log.write(json.dumps({"node": name, "path": "arp", "asked": asked, "answered": heard.get(name, time.monotonic()),
                                      "code": 200 if name in heard else 0}) + "\n")


if __name__ == "__main__":
    main()
