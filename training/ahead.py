"""Work done in background threads while something else computes, handed on in order."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def ahead(
    make: Callable[[K], V], keys: Iterable[K], *, threads: int = 1, depth: int = 2
) -> Generator[V, None, None]:
    """Yield ``make(key)`` of every key in order, made in threads up to `depth` keys ahead.

    What `make` raises is raised here in its turn; leaving the loop drops what is not begun.
    """
    waiting: deque[Future[V]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="ahead") as pool:
        try:
            for key in keys:
                waiting.append(pool.submit(make, key))
                if len(waiting) > depth:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
