"""The Jupyter server extension: small kernel messages leave at once, large ones get through.

Jupyter's server leaves Nagle's algorithm on for the web socket between page and kernel. A small
message then waits for the acknowledgement of the one before it, which the other end may delay by
40 ms. For a slider that is the difference between 19 and 50 answers per second. And it breaks the
connection on messages above 10 MB: two minutes of a recording, uploaded into a dashboard.
"""

from __future__ import annotations

from typing import Any

_SETTING = "kernel_websocket_connection_class"
_LARGEST = "websocket_max_message_size"
MESSAGE_BYTES = 2**29


def undelayed(connection_class: Any) -> Any:
    """Derive a kernel connection class that sets `TCP_NODELAY` when it connects.

    >>> class Connection:
    ...     def connect(self): ...
    >>> derived = undelayed(Connection)
    >>> issubclass(derived, Connection), undelayed(derived) is derived
    (True, True)
    """
    if getattr(connection_class, "sets_nodelay", False):
        return connection_class

    class Undelayed(connection_class):
        """A kernel's web socket whose small messages leave at once."""

        sets_nodelay = True

        def connect(self) -> Any:
            """Set `TCP_NODELAY`, then connect as ever."""
            try:
                self.websocket_handler.set_nodelay(True)
            except Exception as error:  # a slower connection is better than none
                self.log.warning("workbench: TCP_NODELAY could not be set: %s", error)
            return super().connect()

    return Undelayed


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell Jupyter's server where the extension is."""
    return [{"module": "workbench.server"}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    """Replace the configured connection class, whichever it is, by one derived from it."""
    try:
        settings = serverapp.web_app.settings
        derived = undelayed(settings.get(_SETTING) or getattr(serverapp, _SETTING))
        setattr(serverapp, _SETTING, derived)
        settings[_SETTING] = derived
        settings.setdefault(_LARGEST, MESSAGE_BYTES)
    except Exception as error:  # the server must start, with or without us
        serverapp.log.warning(
            "workbench: dashboards will answer some 40 ms later than they could; "
            "the kernel connection of this server can't be adjusted: %s",
            error,
        )
