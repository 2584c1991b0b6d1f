#!/usr/bin/python3
"""The guide's health checker, written anew from its byte contract, which tests/http/contract_test.cpp spells out, for http_compare.

One process, one request at a time, one psql per request, as the original does it.
"""
import argparse
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer

ROWS = {
    "/": ("f", "Primary"),
    "/master": ("f", "Primary"),
    "/replica": ("t", "Replica"),
}


def in_recovery(psql):
    """'t', 'f', or None when PostgreSQL does not answer within five seconds."""
    try:
        done = subprocess.run(psql + ["-tAc", "SELECT pg_is_in_recovery()"], capture_output=True, text=True, timeout=5)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


class Handler(BaseHTTPRequestHandler):
    psql = ["psql"]

    def do_GET(self):
        role = in_recovery(self.psql)
        if role is None:
            self.answer(503, "PostgreSQL Unreachable\n")
        elif self.path not in ROWS:
            self.answer(404, "Not Found\n")
        else:
            wanted, name = ROWS[self.path]
            if role == wanted:
                self.answer(200, f"OK - {name}\n")
            else:
                self.answer(503, f"Service Unavailable - Not {name}\n")

    def answer(self, status, body):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8008)
    parser.add_argument("--psql", nargs="+", default=["psql", "-U", "postgres"])
    arguments = parser.parse_args()
    Handler.psql = arguments.psql
    HTTPServer(("0.0.0.0", arguments.port), Handler).serve_forever()
