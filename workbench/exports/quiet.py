"""Converters write much that tells a user nothing: held back while they run."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator

_LOGGERS = ("tensorflow", "absl", "tf2onnx", "jax._src.xla_bridge")
_ONE = threading.Lock()  # what is held back belongs to the process: two would put back each other's


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Holds back warnings and logs of converters and runtimes; what is wrong, they raise.

    What C++ writes to descriptor 2 is held back too: a refused operation takes it fifty lines.
    Another thread that wants the same waits.
    """
    with _ONE, _silent_loggers(), warnings.catch_warnings(), _silent_descriptor():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _silent_loggers() -> Iterator[None]:
    before = {name: logging.getLogger(name).level for name in _LOGGERS}
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


@contextlib.contextmanager
def _silent_descriptor() -> Iterator[None]:
    try:
        original = os.dup(2)
    except OSError:  # closed, as in a daemon
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(original, 2)
            os.close(original)
