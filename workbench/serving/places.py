"""The places of a class: how many pages have a kernel, and which kernels wait for the next ones.

A place belongs to a page from the moment that it asks until it is closed, its kernel ends, or it
turns out that nobody is there. What is kept ready counts as well: no more kernels run than there
are places.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.ioloop import IOLoop
from tornado.web import HTTPError
from traitlets import Float, Integer
from voila.voila_kernel_manager import voila_kernel_manager_factory

from workbench.serving.memory import limit

PATIENCE = 2.0  # seconds that a page waits for one that leaves: itself, when it is loaded again
_STEP = 0.05


class Kernels(AsyncMappingKernelManager):
    """Kernels of which each may hold so much data."""

    memory = Float(math.inf, help="GiB of data that a kernel may hold.").tag(config=True)

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start one, and limit it: an op beyond that is refused in words."""
        kernel_id = await super().start_kernel(**kwargs)
        started: Any = self.get_kernel(kernel_id).provisioner
        limit(started.pid, self.memory)
        return str(kernel_id)


_Pooled: Any = voila_kernel_manager_factory(Kernels, preheat_kernel=True, default_pool_size=0)


class Places(_Pooled):
    """Voila's kernels, some of which are kept ready, with an end to their number.

    Attributes:
        pages: The kernels that have a page.
    """

    visitors = Integer(8, help="How many pages there may be at a time.").tag(config=True)
    ready = Integer(1, help="How many kernels wait for the next pages.").tag(config=True)
    idle = Float(math.inf, help="Seconds after which a page that nobody uses loses its kernel.")
    idle.tag(config=True)
    arrival = Float(90.0, help="Seconds in which a page connects, or nobody is there any more.")
    arrival.tag(config=True)

    def __init__(self, **kwargs: Any):
        self.pages: set[str] = set()
        self._coming = 0  # pages that wait for their kernel
        self._closing = False
        super().__init__(**kwargs)

    @property
    def taken(self) -> int:
        """How many places have somebody."""
        return len(self.pages) + self._coming

    async def room(self) -> None:
        """Wait until there is a place, but not for long; what was ready and crashed is none."""
        await self._bury()
        for _ in range(round(PATIENCE / _STEP)):
            if self.taken < self.visitors:
                return
            await asyncio.sleep(_STEP)

    async def get_rendered_notebook(self, *args: Any, **kwargs: Any) -> Any:
        """Give a page a kernel that is ready."""
        with self._place():
            task, rendered, kernel_id = await super().get_rendered_notebook(*args, **kwargs)
            self._seat(kernel_id)
        return task, rendered, kernel_id

    async def start_kernel(self, **kwargs: Any) -> str:
        """Start a kernel for a page that none of those suits which are ready."""
        with self._place():
            await self._make_room()
            kernel_id = await super().start_kernel(**kwargs)
            self._seat(kernel_id)
        self._refill()
        return str(kernel_id)

    def fill_if_needed(self, *args: Any, **kwargs: Any) -> None:
        """Start kernels until enough are ready, as far as there are places."""
        size = max(0, min(self.ready, self.visitors - self.taken))
        self.kernel_pools_config = {"default": {"pool_size": size}}
        super().fill_if_needed(*args, **kwargs)

    async def shutdown_kernel(self, kernel_id: str, *args: Any, **kwargs: Any) -> Any:
        """End a kernel; a page that it still has is told. One that has ended is as it should be."""
        if kernel_id not in self:  # a page that closes asks for it, whatever has happened before
            return None
        self.pages.discard(kernel_id)
        for page in list(ZMQChannelsWebsocketConnection._open_sockets):
            if page.kernel_id == kernel_id:
                page._send_status_message("dead")
        return await super().shutdown_kernel(kernel_id, *args, **kwargs)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that nobody uses: one whose page is connected is waited for longer."""
        kernel = self.get_kernel(kernel_id)
        unused = (datetime.now(UTC) - kernel.last_activity).total_seconds()
        connected = self._kernel_connections.get(kernel_id) and kernel.execution_state != "dead"
        if not connected or unused > self.idle:
            await super().cull_kernel_if_idle(kernel_id)

    def notify_disconnect(self, kernel_id: str) -> None:
        """A page is out of reach: from now on it is waited for."""
        super().notify_disconnect(kernel_id)
        if kernel_id in self:
            self.get_kernel(kernel_id).last_activity = datetime.now(UTC)

    async def shutdown_all(self, *args: Any, **kwargs: Any) -> None:
        """End all of them for good."""
        self._closing = True
        await super().shutdown_all(*args, **kwargs)

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that has ended, whoever ended it; another one may get ready."""
        self.pages.discard(kernel_id)
        for pool in self._pools.values():
            pool[:] = [task for task in pool if not _holds(task, kernel_id)]
        removed = super().remove_kernel(kernel_id)
        self._refill()
        return removed

    @contextmanager
    def _place(self) -> Iterator[None]:
        """A place for a page until it has its kernel.

        Raises:
            HTTPError: 503, there is none.
        """
        if self.taken >= self.visitors:
            raise HTTPError(503)
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    def _seat(self, kernel_id: str) -> None:
        """Note that a page has this kernel, and look later whether it came."""
        self.pages.add(kernel_id)
        self.get_kernel(kernel_id).last_activity = datetime.now(UTC)  # it may have waited for long
        IOLoop.current().call_later(self.arrival, self._expect, kernel_id)

    async def _expect(self, kernel_id: str) -> None:
        """End a kernel whose page was closed before it was there."""
        if kernel_id in self.pages and not self._kernel_connections.get(kernel_id):
            await self.shutdown_kernel(kernel_id)

    async def _bury(self) -> None:
        """Forget what was ready and has crashed."""
        pool = self._pools.get(self.notebook_path, [])
        for task in [task for task in pool if task.done() and not _holds(task, "")]:
            kernel_id = task.result()["kernel_id"]
            if kernel_id in self and not await self.get_kernel(kernel_id).is_alive():
                self.remove_kernel(kernel_id)

    async def _make_room(self) -> None:
        """End one that is ready if, with the page's own, there were more than places."""
        pool = self._pools.get(self.notebook_path, [])
        while pool and self.taken + len(pool) > self.visitors:
            waiting = await pool.pop()
            waiting["task"].cancel()
            await self.shutdown_kernel(waiting["kernel_id"])

    def _refill(self) -> None:
        if not self._closing:
            self.fill_if_needed(notebook_name=self.notebook_path)


def _holds(task: asyncio.Task[Any], kernel_id: str) -> bool:
    """Whether a kernel that was to be ready is this one, or never came up."""
    if not task.done():
        return False
    return task.cancelled() or bool(task.exception()) or task.result()["kernel_id"] == kernel_id
