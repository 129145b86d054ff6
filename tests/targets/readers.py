"""Readers in threads of their own while a test writes. No test stands here."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

Read = Callable[[Event], None]


@contextmanager
def readers(reads: Sequence[Read]) -> Iterator[None]:
    """Run each function in a thread during the block; its event says when to end. An error of a reader is raised."""
    stop = Event()
    with ThreadPoolExecutor(len(reads)) as pool:
        running = [pool.submit(read, stop) for read in reads]
        try:
            yield
        finally:
            stop.set()
        for one in running:
            one.result()
