#!/usr/bin/python3
"""Asks every node's health page again and again and writes down each answer. Runs by itself in a network namespace.

Each node is asked on its own time, so a silent one does not slow down the others. /status is asked less often than
/primary, and at once when the verdict has changed, because that is when the pages could disagree.
"""

import argparse
import asyncio
import json
import signal
import time

PATIENCE = 0.5


async def get(host: str, port: int, path: str) -> tuple[int, dict, bytes]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: picket\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode(errors="replace").split("\r\n")
    return int(first.split()[1]), {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}, body


async def ask(node: str, host: str, options, path: str, log) -> dict:
    record = {"node": node, "path": path, "asked": time.monotonic(), "code": 0}
    try:
        # Not wait_for, which may swallow the end of the observation when it comes together with a time-out.
        async with asyncio.timeout(PATIENCE):
            code, headers, body = await get(host, options.port, path)
        record["code"] = code
        generation, _, rule = headers.get("picket-verdict", "").partition(" ")
        if generation.isdigit():
            record |= {"generation": int(generation), "rule": rule}
        if path == "/status":
            status = json.loads(body)
            keep = ("verdict", "fence")
            record["status"] = {k: status[k] for k in keep if k in status} | {"role": status.get("local", {}).get("role"),
                                                                          "timeline": status.get("local", {}).get("timeline")}
            record.setdefault("generation", status.get("verdict", {}).get("generation"))
    except (OSError, TimeoutError, ValueError, IndexError):
        pass
    record["answered"] = time.monotonic()
    log.write(json.dumps(record) + "\n")
    return record


async def watch(node: str, host: str, options, log) -> None:
    last, rounds = None, 0
    while True:
        began = time.monotonic()
        seen = await ask(node, host, options, options.health, log)
        now = (seen["code"], seen.get("generation"))
        if options.status and seen["code"] and (now != last or rounds % 5 == 0):
            await ask(node, host, options, "/status", log)
        last, rounds = now, rounds + 1
        await asyncio.sleep(max(0.005, began + options.interval - time.monotonic()))


async def main(options) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with open(options.log, "a", buffering=1) as log:
        watchers = [asyncio.create_task(watch(*node.split("="), options, log)) for node in options.node]
        await stop.wait()
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--log", required=True)
    parser.add_argument("--port", type=int, default=8008)
    parser.add_argument("--health", default="/primary")
    parser.add_argument("--status", action="store_true", help="ask /status as well")
    parser.add_argument("--interval", type=float, default=0.04)
    parser.add_argument("node", nargs="+", help="NAME=ADDRESS")
    asyncio.run(main(parser.parse_args()))
