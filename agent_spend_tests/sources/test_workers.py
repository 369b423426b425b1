"""Items are worked on side by side, taken in order, and never many ahead of whoever takes them."""

import threading

import pytest

from agent_spend.sources import pace
from agent_spend.sources.workers import side_by_side


def test_two_items_are_worked_on_at_the_same_time():
    both_are_here = threading.Barrier(2, timeout=10)
    assert [done for done, _ in side_by_side([1, 2], lambda item: both_are_here.wait(), 2)] == [1, 2]


def test_results_come_in_the_order_of_the_items():
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 1:
            assert second_is_done.wait(10)
        second_is_done.set()
        return item * 10

    assert list(side_by_side([1, 2], work, 2)) == [(1, 10), (2, 20)]


def test_work_does_not_run_far_ahead():
    begun = []
    results = side_by_side(range(100), begun.append, 2)
    next(results)
    assert len(begun) <= 5


def test_whoever_stops_waits_for_no_pause_of_a_vendor():
    waiting = threading.Event()

    def work(item):
        waiting.set()
        pace.sleep(600)

    def items():
        yield "a day"
        waiting.wait(10)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(side_by_side(items(), work, 2))
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("fetch")] == []
