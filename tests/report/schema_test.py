#!/usr/bin/python3
"""docs/schema-status.json is a valid schema and fits what picket says: every golden status, and none with a key more."""
import json
import pathlib
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schema-status.json").read_text())
GOLDEN = ROOT / "tests/report/golden"
STATUSES = ("primary", "standby", "stopped", "stale", "blind", "witness")


class StatusSchema(unittest.TestCase):
    def setUp(self):
        self.judge = jsonschema.Draft202012Validator(SCHEMA)
        self.statuses = {name: json.loads((GOLDEN / f"{name}.json").read_text()) for name in STATUSES}

    def test_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_fits_every_status(self):
        for name, status in self.statuses.items():
            with self.subTest(name):
                self.assertEqual([f"{list(e.path)}: {e.message}" for e in self.judge.iter_errors(status)], [])

    def test_knows_every_key(self):
        for path in ([], ["verdict"], ["local"], ["local", "unit"], ["peers", 0], ["fence"]):
            status = json.loads(json.dumps(self.statuses["primary"]))
            place = status
            for step in path:
                place = place[step]
            place["new"] = 1
            self.assertFalse(self.judge.is_valid(status), path)

    def test_tells_maintenance(self):
        status = dict(self.statuses["primary"], maintenance={"reason": "new disk", "by": "uid 0", "left_s": 1.5})
        self.assertTrue(self.judge.is_valid(status))
        del status["maintenance"]["left_s"]
        self.assertFalse(self.judge.is_valid(status))

    def test_tells_the_client_gate(self):
        lease = {"valid": True, "left_s": 2.5, "term": 4, "wish": "hold", "voters": 3, "majority": 2, "holder": "pg1",
                 "holder_term": 4, "campaigning": False, "agents": [],
                 "client_gate": {"port": 6433, "open": True, "left_s": 1.5, "problem": None}}
        status = dict(self.statuses["primary"], lease=lease)
        self.assertEqual([e.message for e in self.judge.iter_errors(status)], [])
        del lease["client_gate"]["open"]
        self.assertFalse(self.judge.is_valid(status))

    def test_wants_a_reason_for_what_is_unknown(self):
        for path in (["local"], ["local", "postmaster"], ["local", "disk"], ["local", "unit"], ["local", "address"],
                     ["local", "keepalived"], ["local", "lag"], ["nodes"], ["fence"]):
            status = json.loads(json.dumps(self.statuses["blind"]))
            place = status
            for step in path:
                place = place[step]
            self.assertIsInstance(place["why"], str, path)
            place["why"] = None
            self.assertFalse(self.judge.is_valid(status), path)


if __name__ == "__main__":
    unittest.main()
