"""The command `workbench serve`: its options, what is wrong with them, and the start of the server.

Importing this module is light: Jupyter is loaded when the command runs.
"""

from __future__ import annotations

import argparse
import getpass
import html
import logging
import os
import signal
import sys
import tempfile
import webbrowser
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from workbench.serving import memory

PASSWORD = "WORKBENCH_PASSWORD"
FILES = "WORKBENCH_FILES"  # read by the dashboards: where a page may choose recordings
VISITORS, READY = 8, 1
IDLE = 3600  # s: longer than a lecture's stretch without the page
SHARING = {  # what lets many kernels share a machine
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # it compiles for each new shape, and keeps all of them
    "JUPYTER_WIDGETS_ECHO": "0",  # it is for several pages on one kernel
}


def add_options(page: argparse.ArgumentParser) -> None:
    """Add what a class needs to the command's parser."""
    page.add_argument(
        "--ip", default="127.0.0.1", help="address to listen on; 0.0.0.0 for all of this machine"
    )
    page.add_argument("--visitors", type=int, metavar="N", default=VISITORS, help="pages at a time")
    page.add_argument(
        "--ready", type=int, metavar="N", default=READY, help="kernels kept for the next pages"
    )
    page.add_argument(
        "--idle",
        type=float,
        metavar="SECONDS",
        default=IDLE,
        help="end pages that nobody uses for so long; inf for never",
    )
    page.add_argument(
        "--memory",
        type=float,
        metavar="GB",
        help="data that a page's kernel may hold (Linux; inf for any), in place of its share",
    )
    page.add_argument(
        "--files", type=Path, metavar="FOLDER", help="recordings to choose from, and no others"
    )
    page.add_argument(
        "--password",
        action="store_true",
        help=f"ask for a password instead of a token; or set {PASSWORD}",
    )


def refusal(options: argparse.Namespace) -> str | None:
    """Why the options cannot be, or None."""
    if options.notebook is None or not options.notebook.is_file():
        return f"notebook must be a file; got {options.notebook}."
    if options.visitors < 1:
        return f"--visitors must be at least 1; got {options.visitors}."
    if not 0 <= options.ready <= options.visitors:
        visitors = options.visitors
        return f"--ready must be from 0 to --visitors ({visitors}); got {options.ready}."
    if not options.idle >= 1:
        return f"--idle must be at least 1 second; got {options.idle:g}."
    if options.memory is not None and not options.memory >= memory.LEAST:
        return f"--memory must be at least {memory.LEAST:g} GB; got {options.memory:g}."
    if options.files is not None and not options.files.is_dir():
        return f"--files must be a folder; got {options.files}."
    return None


def default_notebook() -> Path | None:
    """Find the page that comes along, in a source checkout or in an installed wheel."""
    room = Path(__file__).resolve().parent
    places = [room.parent.parent / "notebooks", room / "templates"]
    return next((p / "gallery.ipynb" for p in places if (p / "gallery.ipynb").is_file()), None)


def run(options: argparse.Namespace, port: int | None, browser: bool, extra: Sequence[str]) -> int:
    """Serve a notebook's page from this process until it is stopped; return the exit status."""
    options.notebook = options.notebook or default_notebook()
    why = refusal(options)
    password = os.environ.pop(PASSWORD, "")  # the kernels inherit what is left
    if why is None and options.password:
        password = getpass.getpass("Password of the page: ")
        why = None if password else "--password must not be empty; got ''."
    if why is not None:
        return _refuse(why)

    from jupyter_server.auth import passwd
    from tornado.ioloop import IOLoop

    from workbench.serving.access import Unguarded
    from workbench.serving.pages import Pages, settings

    os.environ |= {FILES: str(options.files.resolve()) if options.files else ""}
    os.environ |= {name: os.environ.get(name, value) for name, value in SHARING.items()}
    config = settings(
        ip=options.ip,
        port=port,
        visitors=options.visitors,
        ready=options.ready,
        idle=options.idle,
        memory=options.memory or memory.share(memory.machine(), options.visitors),
        password=passwd(password) if password else "",
    )
    logging.getLogger("tornado.general").addFilter(_matters)
    pages = Pages.instance(config=config)
    pages.initialize([str(options.notebook.resolve()), *extra])
    with ExitStack() as stack:  # told behind the opening of the port
        IOLoop.current().add_callback(_tell, pages, browser, stack)
        try:
            pages.start()
        except Unguarded as error:
            return _refuse(str(error))
    return 0


def _matters(record: logging.LogRecord) -> bool:
    """Whether a word of Tornado's is one: it takes Jupyter's milliseconds of a ping for seconds."""
    return "websocket_ping_timeout" not in record.getMessage()


def _refuse(why: str) -> int:
    print(f"workbench serve: {why}", file=sys.stderr)
    return 2


def _tell(pages: Any, browser: bool, stack: ExitStack) -> None:
    signal.signal(signal.SIGINT, pages._handle_signal_stop)  # not an exception wherever it runs
    verb = "The page opens in your browser:" if browser else "Open this address in a browser:"
    print(f"{verb}\n\n    {pages.address}\n\nControl-C stops it.", flush=True)
    if browser:
        file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".html"))
        file.write(f'<meta http-equiv="refresh" content="0; url={html.escape(pages.address)}">')
        file.flush()
        webbrowser.open(Path(file.name).as_uri())  # others see a command's arguments, not the file
