"""The server of the pages: Voila with places that come to an end, and nothing that runs code.

Every page has a kernel of its own, which runs the notebook and ends with the page. Some more are
kept ready, so that the next page is there at once. The page may move controls; it cannot run code.
"""

from __future__ import annotations

import asyncio
import math
import shutil
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from traitlets.config import Config
from voila.app import Voila
from voila.request_info_handler import RequestInfoSocketHandler
from voila.tornado.handler import TornadoVoilaHandler

from workbench.server import MESSAGE_BYTES, undelayed
from workbench.serving.access import Identity, Unguarded, is_local, reachable
from workbench.serving.places import Places
from workbench.stopping import STOP

TEMPLATES = Path(__file__).parent / "templates"
CULL_AFTER = 900  # seconds that a kernel without a page may live, as after a lost connection
STARTING = 300  # seconds that a kernel may take to start, and what it has said to get through
RETRY_AFTER = 30  # seconds after which a full class is worth another try


class Page(TornadoVoilaHandler):
    """A page with a kernel of its own, or the word that the class is full."""

    async def get(self, path: str | None = None) -> None:
        """Answer when there is a place, or that there is none."""
        if not path and self.current_user:
            await self.kernel_manager.room()
        await super().get(path)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say it on a page (`503.html`), and to a program when to come again."""
        if status_code == 503:
            self.set_header("Retry-After", RETRY_AFTER)
        super().write_error(status_code, **kwargs)


class Pages(Voila):
    """Voila with this package's templates: nothing comes from another host than this one."""

    kernel_manager: Any

    def setup_template_dirs(self) -> None:
        """Put the templates before those that they are derived from."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(TEMPLATES))

    def init_settings(self) -> dict[str, Any]:
        """Let the kernels have places; words for what can happen are templates of ours."""
        settings: dict[str, Any] = super().init_settings()
        if not is_local(self.ip) and not self.guarded:
            shutil.rmtree(self.connection_dir)
            raise Unguarded(self.ip)
        self.kernel_manager = settings["kernel_manager"] = Places(
            parent=self,
            connection_dir=self.connection_dir,
            kernel_spec_manager=self.kernel_spec_manager,
            allowed_message_types=[*self.kernel_manager.allowed_message_types, STOP],
        )
        login = settings["jinja2_env"]
        login.loader.searchpath.insert(0, str(TEMPLATES))
        login.globals["theme"] = self.voila_configuration.theme
        settings["voila_jinja2_env"].globals["places"] = self.kernel_manager.visitors
        return settings

    def init_handlers(self) -> list[Any]:
        """Voila's, without what nothing here needs, and with places."""
        replaced = {TornadoVoilaHandler: Page}
        return [
            (pattern, replaced.get(handler, handler), *options)
            for pattern, handler, *options in super().init_handlers()
            if handler is not RequestInfoSocketHandler
        ]

    @property
    def guarded(self) -> bool:
        """Whether a token or a password is asked for."""
        provider = self.identity_provider
        return bool(provider.token.strip() or getattr(provider, "hashed_password", ""))

    @property
    def address(self) -> str:
        """Where the page is, with the token that was made up for this run if it was."""
        provider = self.identity_provider
        token = f"?token={provider.token}" if provider.token_generated else ""
        return f"{self._url(reachable(self.ip))}{token}"

    def stop(self) -> None:
        """Stop, but not before kernels that are starting are there to be stopped."""
        self.ioloop.run_sync(self._let_start)
        super().stop()

    async def _let_start(self) -> None:
        pools = getattr(self.kernel_manager, "_pools", {})  # Voila's kernels that are kept ready
        starting = [task for pool in pools.values() for task in pool]
        await asyncio.gather(*starting, return_exceptions=True)


def settings(
    *,
    ip: str = "127.0.0.1",
    port: int | None = None,
    visitors: int = 8,
    ready: int = 1,
    idle: float = math.inf,
    memory: float = math.inf,
    password: str = "",
) -> Config:
    """Build Voila's settings.

    Args:
        ip: The address to listen on.
        port: And the port of it; None for Voila's own.
        visitors: How many pages there may be at a time.
        ready: How many kernels wait for the next ones.
        idle: Seconds after which a page that nobody uses loses its kernel; infinity for never, as
            long as it is open.
        memory: GiB of data that a kernel may hold; infinity is as much as there is.
        password: What to ask for, hashed; a token if empty.

    >>> settings(port=8000).Voila.ip
    '127.0.0.1'
    """
    config = Config()
    config.Voila.ip = ip
    config.Voila.auto_token = True
    config.Voila.open_browser = False
    config.Voila.log_level = "ERROR"
    config.Voila.identity_provider_class = Identity
    config.Voila.kernel_websocket_connection_class = undelayed(ZMQChannelsWebsocketConnection)
    config.Voila.tornado_settings = {"websocket_max_message_size": MESSAGE_BYTES}
    if port is not None:
        config.Voila.port = port
    config.Identity.hashed_password = password
    config.Identity.allow_password_change = False
    config.VoilaConfiguration.preheat_kernel = True
    config.VoilaConfiguration.default_pool_size = 0  # places keep their own
    config.VoilaConfiguration.file_allowlist = []
    said = None if math.isinf(idle) else idle  # JSON has no infinity
    config.VoilaConfiguration.extension_config = {"workbench": {"idleSeconds": said}}
    config.VoilaConfiguration.show_tracebacks = is_local(ip)
    config.VoilaExecutor.iopub_timeout = STARTING  # many that start at once are slow: after
    config.VoilaExecutor.startup_timeout = STARTING  # these a page would come up without its plots
    config.KernelManager.transport_encryption = "auto"
    config.KernelRestarter.restart_limit = 0  # without its widgets a kernel is of no use
    config.Places.visitors, config.Places.ready = visitors, ready
    config.Places.memory = memory
    config.Places.idle = idle
    config.Places.cull_idle_timeout = int(min(CULL_AFTER, idle))
    config.Places.cull_connected = True  # after `idle`
    config.Places.cull_interval = max(1, int(min(60.0, idle / 4)))
    return config
