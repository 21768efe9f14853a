"""Tasks on arrays, done side by side by threads of this process: numpy lets others run while it works through an array."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context
from itertools import islice
from typing import TypeVar

from threadpoolctl import threadpool_limits

__all__ = ["both", "calm_blas", "in_threads"]

Task = TypeVar("Task")
Result = TypeVar("Result")
Other = TypeVar("Other")


def in_threads(function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
    """Apply a function to each task, as many at once as there are processors; results in the order of the tasks, as they are done.

    Which thread did what leaves no trace in the results, so they do not depend on how many processors there are. No more tasks are begun ahead of the
    results that were taken than keep the processors busy, so results may be large.

    Raises:
        Exception: what a task has raised, once those that had begun are done.
    """
    waiting = iter(tasks)
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    first = list(islice(waiting, 2))
    if threads < 2 or len(first) < 2:
        yield from map(function, (*first, *waiting))
        return
    with ThreadPoolExecutor(threads) as pool:

        def begin(task: Task) -> Future[Result]:
            # What holds in the caller's context, such as what numpy does on overflow, holds in the task as well.
            return pool.submit(copy_context().run, function, task)

        begun = deque(begin(task) for task in (*first, *islice(waiting, 2 * threads - len(first))))
        try:
            while begun:
                result = begun.popleft().result()
                begun.extend(begin(task) for task in islice(waiting, 1))
                yield result
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def both(first: Callable[[], Result], second: Callable[[], Other]) -> tuple[Result, Other]:
    """Do two things at once."""
    left, right = in_threads(lambda work: work(), (first, second))
    return left, right  # type: ignore[return-value]


def calm_blas() -> AbstractContextManager[object]:
    """Keep BLAS to one thread: where matrices are small more would only wait for each other, and for other threads, and the last digits would depend on how many there are."""
    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limits
