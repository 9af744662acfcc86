"""Who may see the pages: everybody with the token or the password, and on this machine alone."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

from jupyter_server.auth.identity import PasswordIdentityProvider


class Unguarded(Exception):
    """Everybody could have opened the page, from other machines too."""

    def __init__(self, ip: str):
        super().__init__(
            "a page that others reach must ask for a token or a password; "
            f"got ip {ip!r} with neither. Leave the token to be made up, or set a password."
        )


class Identity(PasswordIdentityProvider):
    """Gives the page, with its login, the cookie that Voila's script returns when the page closes.

    Without it the server refuses to end the page's kernel.
    """

    def set_login_cookie(self, handler: Any, user: Any) -> None:
        """Set both cookies."""
        super().set_login_cookie(handler, user)
        handler.current_user = user
        _ = handler.xsrf_token  # reading it sets it


def is_local(ip: str) -> bool:
    """Whether nobody but this machine reaches an address.

    >>> [is_local(ip) for ip in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "192.168.1.5", "")]
    [True, True, True, False, False, False]
    """
    try:
        return ipaddress.ip_address(ip).is_loopback
    except ValueError:
        return ip == "localhost"


def reachable(ip: str) -> str:
    """What others write for an address: where it stands for all of them, this machine's name.

    >>> reachable("127.0.0.1"), reachable("::1"), reachable("0.0.0.0") == socket.gethostname()
    ('127.0.0.1', '[::1]', True)
    """
    if ip in ("", "*", "0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{ip}]" if ":" in ip else ip
