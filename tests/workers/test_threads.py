"""Tasks side by side."""

import threading
import time

import numpy as np
import pytest

from groundplan.workers.memory import give_back_memory
from groundplan.workers.threads import both, in_threads


def test_results_come_in_the_order_of_the_tasks():
    def slow_first(number: int) -> int:
        time.sleep(0.02 if number == 0 else 0.0)
        return number * number

    assert list(in_threads(slow_first, range(20))) == [number * number for number in range(20)]
    assert list(in_threads(slow_first, [])) == []
    assert list(in_threads(slow_first, [7])) == [49]


def test_a_single_task_stays_in_the_callers_thread():
    assert list(in_threads(lambda _: threading.current_thread().name, [1])) == [threading.current_thread().name]


def test_what_a_task_raises_reaches_the_caller_and_no_more_are_begun():
    begun = []

    def third_fails(number: int) -> int:
        begun.append(number)
        if number == 2:
            raise ValueError("the third")
        return number

    with pytest.raises(ValueError, match="the third"):
        list(in_threads(third_fails, range(1000)))
    assert len(begun) < 100


def test_no_more_tasks_are_begun_than_results_are_taken_and_processors_need():
    begun = []
    results = in_threads(begun.append, range(10_000))
    next(results)
    time.sleep(0.05)
    results.close()
    assert len(begun) < 1000


def test_settings_of_numpy_hold_in_the_tasks():
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        list(in_threads(lambda number: np.ones(2) / np.zeros(2) * number, range(4)))


def test_both_give_their_results_apart():
    assert both(lambda: 1, lambda: "two") == (1, "two")


def test_giving_memory_back_changes_nothing():
    values = np.arange(1000)
    give_back_memory()
    assert values.sum() == 499_500
