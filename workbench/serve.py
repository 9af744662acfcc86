"""`workbench serve`: dashboards as a web page, without cells and code, by Voila.

Every page has a kernel of its own, which runs the notebook and ends with the page. One more is kept
ready, so that the next page is there at once. The page may move controls; it cannot run code.
"""

from __future__ import annotations

import asyncio
import html
import signal
import sys
import tempfile
import webbrowser
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from jupyter_server.auth.identity import PasswordIdentityProvider
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.ioloop import IOLoop
from traitlets.config import Config
from voila.app import Voila

from workbench.server import MESSAGE_BYTES, undelayed

TEMPLATE = Path(__file__).parent / "served"
CULL_AFTER = 900  # seconds that a kernel without a page may live, as after a lost connection


class Identity(PasswordIdentityProvider):
    """Gives the page, with its login, the cookie that Voila's script returns when the page closes.

    Without it the server refuses to end the page's kernel.
    """

    def set_login_cookie(self, handler: Any, user: Any) -> None:
        """Set both cookies."""
        super().set_login_cookie(handler, user)
        handler.current_user = user
        _ = handler.xsrf_token  # reading it sets it


class Pages(Voila):
    """Voila with this package's template: nothing comes from another host than this one."""

    def setup_template_dirs(self) -> None:
        """Put the template before those that it is derived from."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(TEMPLATE))

    @property
    def address(self) -> str:
        """Where the page is, with the token that was made up for this run if it was."""
        provider = self.identity_provider
        token = f"?token={provider.token}" if provider.token_generated else ""
        return f"{self.connection_url}{token}"

    def stop(self) -> None:
        """Stop, but not before kernels that are starting are there to be stopped."""
        self.ioloop.run_sync(self._let_start)
        super().stop()

    async def _let_start(self) -> None:
        pools = getattr(self.kernel_manager, "_pools", {})  # Voila's kernels that are kept ready
        starting = [task for pool in pools.values() for task in pool]
        await asyncio.gather(*starting, return_exceptions=True)


def settings(port: int | None) -> Config:
    """Build Voila's settings.

    >>> settings(8000).Voila.ip
    '127.0.0.1'
    """
    config = Config()
    config.Voila.ip = "127.0.0.1"
    config.Voila.auto_token = True
    config.Voila.open_browser = False
    config.Voila.log_level = "ERROR"
    config.Voila.identity_provider_class = Identity
    config.Voila.kernel_websocket_connection_class = undelayed(ZMQChannelsWebsocketConnection)
    config.Voila.tornado_settings = {
        "websocket_max_message_size": MESSAGE_BYTES,
        "ws_ping_timeout": 30_000,
    }
    if port is not None:
        config.Voila.port = port
    config.VoilaConfiguration.preheat_kernel = True
    config.VoilaConfiguration.show_tracebacks = True
    config.KernelManager.transport_encryption = "auto"
    config.MappingKernelManager.cull_idle_timeout = CULL_AFTER
    config.MappingKernelManager.cull_interval = 60
    return config


def default_notebook() -> Path | None:
    """Find the page that comes along, in a source checkout or in an installed wheel."""
    package = Path(__file__).resolve().parent
    places = [package.parent / "notebooks" / "gallery.ipynb", TEMPLATE / "gallery.ipynb"]
    return next((place for place in places if place.is_file()), None)


def serve(notebook: Path | None, port: int | None, browser: bool, extra: Sequence[str]) -> int:
    """Serve a notebook's page from this process until it is stopped; return the exit status."""
    notebook = notebook or default_notebook()
    if notebook is None or not notebook.is_file():
        print(f"workbench serve: notebook must be a file; got {notebook}.", file=sys.stderr)
        return 2
    pages = Pages.instance(config=settings(port))
    pages.initialize([str(notebook.resolve()), *extra])
    with ExitStack() as stack:
        IOLoop.current().add_callback(
            _tell, pages, browser, stack
        )  # behind the opening of the port
        pages.start()
    return 0


def _tell(pages: Pages, browser: bool, stack: ExitStack) -> None:
    signal.signal(signal.SIGINT, pages._handle_signal_stop)  # not an exception wherever it runs
    verb = "The page opens in your browser:" if browser else "Open this address in a browser:"
    print(f"{verb}\n\n    {pages.address}\n\nControl-C stops it.", flush=True)
    if browser:
        file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".html"))
        file.write(f'<meta http-equiv="refresh" content="0; url={html.escape(pages.address)}">')
        file.flush()
        webbrowser.open(Path(file.name).as_uri())  # others see a command's arguments, not the file
