#!/usr/bin/python3
"""The guide's health check, written anew: / and /master for the primary, /replica for a standby, asked of psql each time.

Mended: it runs as postgres, so that peer authentication lets it in, and one slow client does not block the others.
"""

import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def in_recovery():
    """True for a standby, False for a primary, None when PostgreSQL does not say."""
    command = ["psql", "-U", "postgres", "-d", "postgres", "-p", "5432", "-XAt", "-c", "select pg_is_in_recovery()"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5)
    except subprocess.TimeoutExpired:
        return None
    return {"t": True, "f": False}.get(done.stdout.strip())


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        standby = in_recovery()
        if standby is None:
            self.say(503, "PostgreSQL Unreachable")
        elif self.path in ("/", "/master"):
            self.say(*((503, "Service Unavailable - Not Primary") if standby else (200, "OK - Primary")))
        elif self.path == "/replica":
            self.say(*((200, "OK - Replica") if standby else (503, "Service Unavailable - Not Replica")))
        else:
            self.say(404, "Not Found")

    def say(self, code, text):
        self.send_response(code)
        self.end_headers()
        self.wfile.write(text.encode() + b"\n")

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("", 8008), Answer).serve_forever()
