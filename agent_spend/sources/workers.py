"""Several requests at a time: windows and days do not wait for each other, the pages of one of them do."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from agent_spend.sources import pace

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(items: Iterable[Item], work: Callable[[Item], Result], workers: int) -> Iterator[tuple[Item, Result]]:
    """Each item with the result of ``work``, in order; how fast they ask is up to the vendor's token bucket.

    At most ``2 * workers`` results wait to be taken, so that a year of a large company is never held at once. When the
    caller stops, with Ctrl-C too, no further item is begun and nobody goes on waiting for a vendor's pause to end.
    """
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    stop = threading.Event()
    with ThreadPoolExecutor(workers, "fetch", initializer=pace.wake_on, initargs=(stop,)) as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item)))
                if len(waiting) > 2 * workers:
                    done, result = waiting.popleft()
                    yield done, result.result()
            for done, result in waiting:
                yield done, result.result()
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
