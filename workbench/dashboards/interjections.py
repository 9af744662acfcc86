"""What a page says while its kernel computes: it overtakes what waits for its turn.

A widget's messages wait until the kernel has nothing else to do. The control channel is read at any
time, by a thread of its own. A front end that gives a page no connection to the kernel has no way
to it.
"""

from __future__ import annotations

from collections.abc import Callable

from IPython import get_ipython

from workbench.stopping import STOP


def on_stop(callback: Callable[[int], None]) -> bool:
    """Calls `callback(number)`, in the kernel's thread for that channel, when a page says so.

    Returns whether there is a kernel, and one that can be told what to do.
    """
    handlers = getattr(getattr(get_ipython(), "kernel", None), "control_handlers", None)
    if handlers is None:
        return False
    handlers[STOP] = lambda stream, identity, message: callback(message["content"].get("number"))
    return True
