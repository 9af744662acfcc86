"""A kernel of a running server, spoken to over its web socket as the page does."""

import json
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any, Self

import websocket

PATIENCE = 60.0  # seconds


class KernelSocket:
    """Connects to a kernel; without its `identity` starts one, and shuts it down at the end."""

    def __init__(self, url: str, token: str, identity: str = ""):
        self._url, self._token = url, token
        self._kernel, self._own = identity, not identity
        self._session = uuid.uuid4().hex

    def __enter__(self) -> Self:
        if self._own:
            self._kernel = json.loads(self._request("POST", "api/kernels", b"{}"))["id"]
        address = f"{self._url}api/kernels/{self._kernel}/channels?session_id={self._session}"
        self._socket = websocket.create_connection(
            address.replace("http", "ws", 1),
            header=[f"Authorization: token {self._token}"],
            timeout=PATIENCE,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        if self._own:
            self._request("DELETE", f"api/kernels/{self._kernel}")

    def _request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = {"Authorization": f"token {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(
            self._url + path, data=body, headers=headers, method=method
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read()

    def send(self, kind: str, content: dict[str, Any]) -> str:
        """Send a message on the shell channel; return its identity."""
        identity = uuid.uuid4().hex
        header = {
            "msg_id": identity,
            "msg_type": kind,
            "session": self._session,
            "username": "",
            "version": "5.3",
            "date": "2000-01-01T00:00:00Z",
        }
        parts = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        self._socket.send(json.dumps({**parts, "channel": "shell"}))
        return identity

    def receive(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read messages until a wanted one comes."""
        while True:
            message = json.loads(self._socket.recv())
            if wanted(message):
                return message

    def execute(self, code: str) -> None:
        """Run code in the kernel to its end; raise if it raises."""
        identity = self.send("execute_request", {"code": code, "silent": False})
        reply = self.receive(
            lambda m: m["msg_type"] == "execute_reply" and m["parent_header"]["msg_id"] == identity
        )
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"].get("traceback", ["kernel error"])))
