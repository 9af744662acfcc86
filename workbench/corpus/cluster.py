"""The machines: workers of this one, or a Dask cluster that somebody runs.

A cluster of our own listens on 127.0.0.1 only, its dashboard too, and ends with this process, also
where that is killed. What is sent are plain values and the names of our own functions.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from typing import Any

from workbench.corpus import work
from workbench.corpus.packages import dask_config, distributed
from workbench.errors import ParameterError

_HOST = "127.0.0.1"
_DEATHS = 1000  # of workers at one part: trials.py gives up recordings long before
_PATIENCE = 30  # seconds until a cluster must have answered


class ClusterLost(ConnectionError):
    """The scheduler went away; what is finished is kept."""


@contextlib.contextmanager
def connected(workers: int | None, scheduler: str | None) -> Iterator[Any]:
    """A client of the cluster.

    Raises:
        ParameterError: Nobody answers at the address, or workers there compute other numbers.
    """
    with _silent(), _embedded(workers) if scheduler is None else _external(scheduler) as client:
        yield client


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keeps Dask's log of lost connections to itself: what they mean is said."""
    distributed()  # whose loggers have levels of their own
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


@contextlib.contextmanager
def _external(scheduler: str) -> Iterator[Any]:
    try:
        client = distributed().Client(scheduler, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        rule = "be the address of a Dask scheduler, as tcp://host:8786"
        raise ParameterError("scheduler", rule, f"{scheduler} ({error})") from error
    with client:
        _check(client, scheduler)
        yield client


def results(
    client: Any, tasks: Iterable[dict[str, Any]]
) -> Iterator[tuple[int, list[dict[str, Any]] | BaseException]]:
    """Parts as they are finished: the outcomes, or why there are none.

    Raises:
        ClusterLost: The scheduler went away.
    """
    futures = {}
    for task in tasks:
        future = client.submit(
            work.make_part, task, key=f"{task['topic']}-{task['part']}", pure=False
        )
        futures[future] = task["part"]
    waiting = distributed().as_completed(list(futures), loop=client.loop)
    try:
        for future in waiting:
            part = futures.pop(future)
            if future.status == "finished":
                yield part, future.result()
            elif future.status == "error":
                yield part, future.exception()
            else:
                raise CancelledError
            future.release()
    except (distributed().client.FutureCancelledError, CancelledError, OSError) as error:
        raise ClusterLost("extract: the scheduler went away.") from error


def listen(client: Any, topic: str, hear: Callable[[dict[str, Any]], None]) -> None:
    """Hears what workers tell of a topic."""
    client.subscribe_topic(topic, lambda event: hear(event[1]))


@contextlib.contextmanager
def _embedded(workers: int | None) -> Iterator[Any]:
    if multiprocessing.parent_process() is not None:
        raise RuntimeError(
            "extract: a script that starts worker processes is run again by each of them. "
            "Call wb.extract below `if __name__ == '__main__':`."
        )
    dask = distributed()
    with (
        dask_config().set({"distributed.scheduler.allowed-failures": _DEATHS}),
        dask.LocalCluster(
            n_workers=workers or _processors(),
            threads_per_worker=1,
            processes=True,
            host=_HOST,
            dashboard_address=f"{_HOST}:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        dask.Client(cluster, set_as_default=False) as client,
    ):
        yield client


def _processors() -> int:
    """How many this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _check(client: Any, scheduler: str) -> None:
    """Refuses a cluster without workers, or with a workbench of other numbers."""
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError as error:
        raise ParameterError("scheduler", "have workers", f"none at {scheduler}") from error
    try:
        found = set(client.run(work.numbers).values())
    except Exception as error:
        remedy = "Install the same workbench there."
        raise ParameterError("scheduler", "have workers with workbench", error, remedy) from error
    if found != {work.numbers()}:
        rule = "have workers that compute the same numbers"
        remedy = "Install the same workbench there."
        raise ParameterError("scheduler", rule, sorted(found), remedy)
