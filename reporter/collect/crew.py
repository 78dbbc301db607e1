"""The threads of one process: one for each account, and those without an account of their own help the others.

With more accounts than threads, each account keeps to one thread and nothing is handed around. When accounts run out, idle
threads take over tasks of accounts still at work, a few for each, so that the last big account does not go on alone.
"""

import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
_Done = queue.SimpleQueue[tuple[Job, Future[Result]]]
_HELPERS = 7  # for one account: AWS counts calls for each account, so more would only wait


class _Batch(Generic[Job, Result]):
    """Tasks of one account that any thread may take."""

    def __init__(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> None:
        self.helpers = 0
        self._function = function
        self._jobs = jobs
        self._results: list[Future[Result]] = [Future() for _ in jobs]
        self._next = 0
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        return len(self._jobs) - self._next

    def work(self) -> None:
        """Do tasks until none is left. An error stays with its task, for the thread that waits for it."""
        while True:
            with self._lock:
                at, self._next = self._next, self._next + 1
            if at >= len(self._jobs):
                return
            _settle(self._results[at], self._function, self._jobs[at])

    def results(self) -> list[Result]:
        return [result.result() for result in self._results]


class Crew:
    """A bounded number of threads over many jobs."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="collect")
        self._busy = 0
        self._open: list[_Batch[Any, Any]] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether to leave off: the consumer has gone."""
        return self._stopped.is_set()

    def run(
        self, function: Callable[[Job], Result], jobs: Iterator[Job], ahead: int = 2
    ) -> Iterator[tuple[Job, Future[Result]]]:
        """Each job with its outcome, in order of completion. As many are begun as there are threads, and `ahead` more."""
        done: _Done[Job, Result] = queue.SimpleQueue()
        under_way = 0
        try:
            while True:
                while under_way < self._threads + ahead and (job := next(jobs, None)) is not None:
                    self._begin(function, job, done)
                    under_way += 1
                if not under_way:
                    return
                yield done.get()
                under_way -= 1
        finally:
            self._stopped.set()
            self._pool.shutdown(wait=True, cancel_futures=True)

    def each(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> list[Result]:
        """The results of the tasks of one account, in their order; done by this thread and by whoever is idle."""
        batch = _Batch(function, jobs)
        with self._lock:
            self._open.append(batch)
        self._reinforce()
        try:
            batch.work()
            return batch.results()
        finally:
            with self._lock:
                self._open.remove(batch)

    def _begin(self, function: Callable[[Job], Result], job: Job, done: "_Done[Job, Result]") -> None:
        with self._lock:
            self._busy += 1

        def ended(outcome: Future[Result]) -> None:
            with self._lock:
                self._busy -= 1
            done.put((job, outcome))
            self._reinforce()

        self._pool.submit(function, job).add_done_callback(ended)

    def _reinforce(self) -> None:
        """Send idle threads to the open batches, the least helped first."""
        with self._lock:
            idle = self._threads - self._busy - sum(batch.helpers for batch in self._open)
            for batch in sorted(self._open, key=lambda one: one.helpers):
                if idle <= 0 or self._stopped.is_set():
                    return
                wanted = min(idle, _HELPERS - batch.helpers, batch.waiting - 1 - batch.helpers)
                for _ in range(max(0, wanted)):
                    batch.helpers += 1
                    idle -= 1
                    self._pool.submit(batch.work)


def _settle(outcome: Future[Result], function: Callable[[Job], Result], job: Job) -> None:
    """Run it into the future. What it raises goes on its way, and to whoever waits for the result: never lost in a thread."""
    try:
        outcome.set_result(function(job))
    finally:
        if not outcome.done():
            outcome.set_exception(sys.exception())
