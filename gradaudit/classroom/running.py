"""A class is judged: on any executor, in order, and nothing twice."""

import ctypes
import gc
import json
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from gradaudit.classroom.records import Task, record_of, unreadable
from gradaudit.questions.files import Unreadable

AHEAD = 2  # tasks for each worker: one that it judges, and one that waits
RENEWED = 200  # tasks of a worker, after which a new one takes its place: what it kept is too much
LOST = "it could not be judged: its worker died, and died again when it was judged alone"
SCHEDULER_SECONDS = 10.0  # within which the scheduler of a cluster has to answer
OBJECTS = 10_000  # new ones, after which a worker looks for what can go
PR_SET_PDEATHSIG = 1  # of Linux: what ends its parent ends a process too


class Crew(Protocol):
    """Who judges: workers of an executor, any of which may die."""

    workers: int

    def executor(self) -> Executor:
        """Return a new executor, in place of the last if there was one."""

    def close(self, *, at_once: bool) -> None:
        """End the workers; at_once: also those that are at work."""


class Here:
    """Processes of this machine, each of which judges many answers.

    A server that has imported the package, and runs nothing else, forks them: so that none imports
    anything again, nor shares a thread or a descriptor with this process.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.pools: list[ProcessPoolExecutor] = []

    def executor(self) -> Executor:
        """Return a new pool of processes; those of the last end with what they have begun."""
        if self.pools:
            self.pools[-1].shutdown(wait=False)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([record_of.__module__])
        self.pools = [*self.pools[-1:], ProcessPoolExecutor(self.workers, context, _begin)]
        return self.pools[-1]

    def close(self, *, at_once: bool) -> None:
        """End the processes."""
        for pool in self.pools:
            processes = list((getattr(pool, "_processes", None) or {}).values()) if at_once else []
            for process in processes:  # `kill_workers` of Python 3.14
                process.kill()
            pool.shutdown(cancel_futures=True)  # which waits, or its thread is cut off as we end


def _begin() -> None:
    """Leave Ctrl-C to the parent, and end with it.

    What is known of a question stays, and need not be looked at again and again for what can go.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(OBJECTS, 5, 3)  # and then at older ones, or memory doubles
    threading.Thread(target=_end_with_the_command, daemon=True).start()
    if sys.platform == "linux":  # and with the server of processes
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _end_with_the_command() -> None:
    """End this process at once when the one ends that wanted it, which no signal tells of."""
    command = multiprocessing.parent_process()
    if command is not None:
        command.join()
        os.kill(os.getpid(), signal.SIGKILL)


class Dask:
    """Workers of a Dask cluster, which has gradaudit installed in the same version."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise Unreadable("--workers needs Dask: pip install distributed") from None
        try:
            self.client: Any = Client(address, timeout=SCHEDULER_SECONDS)
        except (OSError, ValueError) as error:
            raise Unreadable(f"--workers {address}: no scheduler answers: {error}") from None
        self.workers = sum(self.client.nthreads().values()) or 1

    def executor(self) -> Executor:
        """Return the executor of the cluster, which outlives its workers."""
        executor: Executor = self.client.get_executor(pure=False)
        return executor

    def close(self, *, at_once: bool) -> None:
        """Leave the cluster."""
        self.client.close()


class Kept:
    """Records by the keys of their tasks, in a folder, so that none is made twice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.good: set[str] = set()
        self.lost: dict[str, str] = {}  # for this run only
        folder.mkdir(parents=True, exist_ok=True)

    def __contains__(self, key: str) -> bool:
        if key not in self.good and key not in self.lost:
            with suppress(OSError, ValueError, TypeError):
                if "overall" in self[key]:
                    self.good.add(key)
        return key in self.good or key in self.lost

    def __getitem__(self, key: str) -> dict[str, Any]:
        text = self.lost.get(key) or self._path(key).read_text(encoding="ascii")
        record: dict[str, Any] = json.loads(text)
        return record

    def keep(self, key: str, record: str) -> None:
        """Write a record, whole or not at all."""
        half = self._path(key).with_suffix(f".{os.getpid()}")
        half.write_text(record, encoding="ascii")
        half.replace(self._path(key))
        self.good.add(key)

    def forget(self) -> None:
        """Remove all records."""
        for path in self.folder.iterdir():
            path.unlink()

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def judge_all(
    tasks: Iterable[Task],
    crew: Crew,
    kept: Kept,
    done: Callable[[], object] = lambda: None,
    work: Callable[[Task], str] = record_of,
) -> Iterator[str]:
    """Judge what is not kept, and yield the keys of all tasks in their order, each as it is kept.

    Few are in flight at once, so that memory does not grow with their number. done: called as soon
    as one of them is judged. work: what judges it, and raises nothing.
    """
    coming, turn = iter(tasks), deque[str]()
    flight = _Flight(crew, kept, done, work)
    task: Task | None = None
    while True:
        while not flight.is_full and not (turn and turn[0] in kept):
            if (task := next(coming, None)) is None:
                break
            turn.append(task.key)
            flight.start(task)
        while turn and turn[0] in kept:
            yield turn.popleft()
        if not turn and not flight.is_full and task is None:
            return
        flight.land()


class _Flight:
    """The tasks that are with the crew now, by key."""

    def __init__(
        self, crew: Crew, kept: Kept, done: Callable[[], object], work: Callable[[Task], str]
    ) -> None:
        self.crew, self.kept, self.done, self.work = crew, kept, done, work
        self.executor: Executor | None = None
        self.started = 0
        self.tasks: dict[str, Task] = {}
        self.futures: dict[Future[str], str] = {}

    @property
    def is_full(self) -> bool:
        return len(self.futures) >= AHEAD * self.crew.workers

    def start(self, task: Task) -> None:
        """Have a task judged, unless it is, or the same one of somebody else is under way."""
        if task.key in self.kept or task.key in self.tasks:
            self.done()
            return
        if self.started % (RENEWED * self.crew.workers) == 0:
            self.executor = None
        self.started += 1
        self.executor = self.executor or self.crew.executor()
        try:
            future = self.executor.submit(self.work, task)
        except BrokenExecutor as error:  # a worker has died, and nothing else flies any more
            future = Future()
            future.set_exception(error)
        self.tasks[task.key], self.futures[future] = task, task.key

    def land(self) -> None:
        """Wait for one or more, and keep the records.

        All that was in flight when a worker died is judged again, each alone, so that whoever
        kills a worker again is known, and nobody else is lost.
        """
        fallen = self._take(wait(self.futures, return_when=FIRST_COMPLETED).done)
        if fallen:
            fallen += self._take(wait(self.futures).done)
            self.executor = None
        for task in fallen:
            self.start(task)
            if self._take(wait(self.futures).done):
                self.kept.lost[task.key] = json.dumps(unreadable(LOST))
                self.executor = None
                self.done()

    def _take(self, futures: Iterable[Future[str]]) -> list[Task]:
        """Keep what came of futures, and return the tasks of which nothing came."""
        fallen = []
        for future in futures:
            task = self.tasks.pop(self.futures.pop(future))
            if (
                future.cancelled() or future.exception() is not None
            ):  # of a worker: work raises none
                fallen.append(task)
            else:
                self.kept.keep(task.key, future.result())
                self.done()
        return fallen
