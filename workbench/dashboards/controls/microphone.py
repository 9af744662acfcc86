"""Recordings that are made in the page."""

from collections.abc import Callable
from typing import Any

import anywidget
import numpy as np

from workbench import audio
from workbench.dashboards.page_module import PAGE


class Microphone(anywidget.AnyWidget):
    """A button that records in the page, a minute at most, after the browser's permission.

    A recording arrives in parts: there are servers that break the connection on large messages.
    """

    _esm = PAGE / "microphone.js"
    _css = PAGE / "microphone.css"

    def __init__(self, **kwargs: Any) -> None:
        self._callbacks: list[Callable[[audio.Clip], None]] = []
        self._parts: dict[int, list[bytes]] = {}
        super().__init__(**kwargs)
        self.on_msg(self._receive)

    def on_recording(self, callback: Callable[[audio.Clip], None]) -> None:
        """Call ``callback(clip)`` with each recording, at the rate of the page's sound device."""
        self._callbacks.append(callback)

    def _receive(self, _widget: Any, content: dict[str, Any], buffers: list[memoryview]) -> None:
        if content.get("kind") != "recording":
            return
        parts = self._parts.setdefault(content["id"], [])
        parts.append(bytes(buffers[0]))
        if len(parts) < content["parts"]:
            return
        samples = np.frombuffer(b"".join(self._parts.pop(content["id"])), "<f4")
        clip = audio.Clip(samples[np.newaxis], content["rate"], name="recording")
        for callback in self._callbacks:
            callback(clip)
