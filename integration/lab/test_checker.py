"""The checker must be able to fail: histories with a known fault, and near misses that are none."""

import tempfile
import unittest
from pathlib import Path

from .checker import compared, dual_200, dual_ack, inconsistencies, invented, lost, write_gap
from .history import Answer, Op, Tail, parse_op


def acks(server, begin, end, every=0.05, writer="W1"):
    """A server that acknowledges regularly, each write taking 10 ms."""
    count = round((end - begin) / every)
    return [Op(writer, int((begin + i * every) * 1000), begin + i * every, begin + i * every + 0.01, "ok", server) for i in range(count + 1)]


class WriteGap(unittest.TestCase):
    def test_is_the_longest_silence(self):
        length, begin = write_gap(acks("a", 0, 10) + acks("b", 13.5, 20), 0, 20)
        self.assertAlmostEqual(length, 3.5, places=2)
        self.assertAlmostEqual(begin, 10.01, places=2)

    def test_without_recovery_lasts_to_the_end(self):
        self.assertAlmostEqual(write_gap(acks("a", 0, 10), 0, 60)[0], 49.99, places=2)

    def test_counts_no_failed_and_no_unknown_write(self):
        refused = [Op("W1", n, 10 + n, 10 + n, outcome) for n, outcome in enumerate(["fail", "unknown"] * 5)]
        self.assertAlmostEqual(write_gap(acks("a", 0, 10) + refused + acks("a", 20, 30), 0, 30)[0], 10, places=1)

    def test_of_nothing_at_all_is_the_whole_time(self):
        self.assertEqual(write_gap([], 5, 25)[0], 20)


class DualAck(unittest.TestCase):
    def test_sees_a_split_brain(self):
        self.assertAlmostEqual(dual_ack(acks("a", 0, 10) + acks("b", 15, 60) + acks("a", 30, 50)), 20, delta=0.1)

    def test_a_fail_over_is_none(self):
        self.assertEqual(dual_ack(acks("a", 0, 10) + acks("b", 10.5, 20)), 0)

    def test_a_way_back_is_none(self):
        self.assertEqual(dual_ack(acks("a", 0, 10) + acks("b", 12, 20) + acks("a", 22, 30)), 0)

    def test_an_answer_that_was_under_way_at_the_change_is_none(self):
        late = [Op("W2", 1, 9.9, 12.5, "ok", "a")]
        self.assertEqual(dual_ack(acks("a", 0, 10) + acks("b", 12, 20) + late), 0)

    def test_a_single_acknowledgement_of_the_old_one_counts(self):
        self.assertGreater(dual_ack(acks("a", 0, 10) + acks("b", 12, 20) + acks("a", 15, 15)), 0)

    def test_three_servers_are_not_counted_twice(self):
        self.assertAlmostEqual(dual_ack(acks("a", 0, 10) + acks("b", 0, 10) + acks("c", 0, 10)), 10, delta=0.1)


class Lost(unittest.TestCase):
    history = [Op("W1", 1, 0, 1, "ok", "a"), Op("W1", 2, 1, 2, "ok", "a"), Op("W1", 3, 2, 3, "unknown"), Op("W1", 4, 3, 4, "fail")]

    def test_is_what_was_acknowledged_and_is_not_there(self):
        self.assertEqual([op.seq for op in lost(self.history, {("W1", 1)})], [2])

    def test_a_row_of_another_writer_does_not_stand_in(self):
        self.assertEqual(len(lost(self.history, {("W2", 1), ("W1", 2)})), 1)

    def test_an_unknown_write_may_be_there_or_not(self):
        self.assertEqual(lost(self.history, {("W1", 1), ("W1", 2)}), [])
        self.assertEqual(invented(self.history, {("W1", 1), ("W1", 2), ("W1", 3)}), [])

    def test_a_refused_write_that_is_there_is_reported(self):
        self.assertEqual([op.seq for op in invented(self.history, {("W1", 4)})], [4])


def answers(node, codes, begin=0.0, every=0.04, **more):
    return [Answer(node, "/primary", begin + i * every, begin + i * every + 0.002, code, **more) for i, code in enumerate(codes)]


class Dual200(unittest.TestCase):
    def test_sees_two_at_once(self):
        both = answers("pg1", [200] * 100) + answers("pg2", [503] * 50 + [200] * 50, begin=0.02)
        self.assertAlmostEqual(dual_200(both, "/primary", 0.04), 2, delta=0.1)

    def test_a_clean_change_is_none(self):
        change = answers("pg1", [200] * 50 + [503] * 50) + answers("pg2", [503] * 51 + [200] * 49, begin=0.02)
        self.assertEqual(dual_200(change, "/primary", 0.04), 0)

    def test_a_dead_node_is_not_credited_until_it_is_asked_again(self):
        dead = answers("pg1", [200] * 50 + [0] * 5 + [200]) + answers("pg2", [503] * 51 + [200] * 3)
        self.assertEqual(dual_200(dead, "/primary", 0.04), 0)

    def test_a_single_answer_inside_anothers_time_counts(self):
        flicker = answers("pg1", [200] * 100) + answers("pg2", [503] * 50 + [200] + [503] * 49, begin=0.02)
        self.assertGreater(dual_200(flicker, "/primary", 0.04), 0)


class Consistency(unittest.TestCase):
    verdict = {"generation": 7, "rule": "R1", "sentence": "serves", "advert": "primary"}

    def status(self, at, **changed):
        return Answer("pg1", "/status", at, at + 0.01, 200, 7, changed.pop("header", "R1"), {"verdict": self.verdict | changed})

    def test_agreement_is_silent(self):
        said = answers("pg1", [200], generation=7, rule="R1") + [self.status(0.05)]
        self.assertEqual(inconsistencies(said, {"pg1": [{"generation": 7, "rule": "R1", "sentence": "serves"}]}), [])

    def test_a_code_against_the_verdict_is_found(self):
        said = answers("pg1", [503], generation=7, rule="R1") + [self.status(0.05)]
        self.assertEqual(len(inconsistencies(said, {})), 1)

    def test_a_server_that_ended_while_its_role_is_believed_is_none(self):
        said = answers("pg1", [200, 503], generation=7, rule="R14") + [self.status(0.09, header="R14", rule="R14")]
        self.assertEqual(inconsistencies(said, {}), [])

    def test_a_rule_against_the_header_is_found(self):
        said = answers("pg1", [200], generation=7, rule="R5") + [self.status(0.05)]
        self.assertEqual(len(inconsistencies(said, {})), 1)

    def test_before_the_first_verdict_only_a_refusal_is_right(self):
        begun = answers("pg1", [503], generation=0, rule="none") + [Answer("pg1", "/status", 0.1, 0.11, 503, 0, "none")]
        self.assertEqual(inconsistencies(begun, {}), [])
        self.assertEqual(len(inconsistencies(answers("pg1", [200], generation=0, rule="none"), {})), 1)

    def test_what_was_compared_is_counted(self):
        said = [self.status(0.0)] + answers("pg1", [200], generation=8, rule="R1")
        self.assertEqual(compared(said, {"pg1": [{"generation": 7, "rule": "R1", "sentence": "serves"}]}), (1, 1))

    def test_a_journal_with_other_words_is_found(self):
        self.assertEqual(len(inconsistencies([self.status(0.0)], {"pg1": [{"generation": 7, "rule": "R1", "sentence": "other"}]})), 1)


class Log(unittest.TestCase):
    def test_a_half_written_line_waits_for_its_end(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "log"
            tail = Tail(path, parse_op)
            self.assertEqual(tail.read(), [])
            path.write_text("W1\t1\t0.5\t0.6\tok\t10.0.0.1\t\nW1\t2\t0.6")
            self.assertEqual(len(tail.read()), 1)
            path.write_text("W1\t1\t0.5\t0.6\tok\t10.0.0.1\t\nW1\t2\t0.6\t0.7\tfail\t\tsql: read-only\n")
            self.assertEqual([op.outcome for op in tail.read()], ["ok", "fail"])


if __name__ == "__main__":
    unittest.main()
