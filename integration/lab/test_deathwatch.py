"""The watch gives a fence no benefit of the doubt: what it cannot exclude it counts against it."""

import unittest

from .deathwatch import DeathWatch


class Watched(unittest.TestCase):
    def setUp(self):
        self.watch = DeathWatch(node=None)

    def see(self, *looks: set[int]) -> None:
        """One look a second, each of which takes a tenth."""
        for second, found in enumerate(looks):
            self.watch.saw(found, second, second + 0.1)

    def test_gone_is_the_end_of_the_first_look_without_it(self):
        self.see({1, 2}, {2}, set(), set())
        self.assertEqual(self.watch.all_gone_at(0), 2.1)

    def test_what_lives_on_is_counted_and_not_gone(self):
        self.see({1, 2}, {1, 2}, {2})
        self.assertEqual(self.watch.alive_after(0.5), 2)
        self.assertEqual(self.watch.alive_after(1.5), 1)
        self.assertIsNone(self.watch.all_gone_at(1.5))

    def test_a_look_that_began_before_is_no_life_after(self):
        self.see({1}, set())
        self.assertEqual(self.watch.alive_after(0.05), 0)

    def test_who_comes_later_is_another_matter(self):
        self.see({1}, {7}, {7})
        self.assertEqual(self.watch.all_gone_at(0.5), 1.1)
        self.assertEqual(self.watch.alive_after(0.5), 0)

    def test_one_that_was_overlooked_is_not_gone(self):
        self.see({1}, set(), {1})
        self.assertIsNone(self.watch.all_gone_at(0))

    def test_nobody_at_all_is_no_death(self):
        self.see(set(), set())
        self.assertIsNone(self.watch.all_gone_at(1))


if __name__ == "__main__":
    unittest.main()
