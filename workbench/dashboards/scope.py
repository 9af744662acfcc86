"""The live plot: panels locked to one time axis, sent as raw bytes and drawn by the page.

The scope computes nothing about signals. It carries frames to the page, never more than the page
can draw, and reports what the page asks for: another view, or the audio. The page's half of this
file is ``scope.js``, its looks are in ``scope.css``.
"""

import contextlib
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import anywidget
import numpy as np

COLORMAPS = ("magma", "diverging")


@dataclass(frozen=True)
class WavePanel:
    """Lines over time, one colour per channel.

    ``data`` is ``[channels, columns, 2]`` for an envelope (minimum and maximum of each column, of
    which column 0 begins at ``start``) or ``[channels, samples]`` (sample 0 lies at ``start``).
    ``height`` is the height of the plot on the page in CSS pixels.
    """

    title: str
    label: str
    unit: str
    low: float
    high: float
    start: float
    step: float
    data: np.ndarray
    height: int = 110

    def __post_init__(self) -> None:
        _check_scale(self)
        if not (self.data.ndim == 2 or (self.data.ndim == 3 and self.data.shape[2] == 2)):
            raise ValueError(
                "WavePanel: data must be [channels, samples] or [channels, columns, 2]; "
                f"got shape {self.data.shape}."
            )

    def encode(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the panel's description and its bytes, as the page reads them."""
        head = _head(self, "wave") | {"envelope": self.data.ndim == 3}
        return head, [np.asarray(self.data, "<f4").tobytes()]


@dataclass(frozen=True)
class ImagePanel:
    """A picture over time: ``data`` is uint8 ``[rows, columns]``, row 0 at the bottom.

    0 stands for ``low``, 255 for ``high``. ``start`` is the time of the left edge of column 0, and
    ``y_values`` holds the centres of the rows, which may be irregular (mel bands in Hz).
    """

    title: str
    label: str
    unit: str
    low: float
    high: float
    start: float
    step: float
    data: np.ndarray
    y_name: str
    y_unit: str
    y_values: np.ndarray
    colormap: str = "magma"
    height: int = 190

    def __post_init__(self) -> None:
        _check_scale(self)
        if self.data.ndim != 2 or self.data.dtype != np.uint8:
            raise ValueError(
                "ImagePanel: data must be uint8 [rows, columns]; "
                f"got {self.data.dtype} of shape {self.data.shape}."
            )
        if np.shape(self.y_values) != self.data.shape[:1]:
            raise ValueError(
                "ImagePanel: y_values must have one value per row; "
                f"got shape {np.shape(self.y_values)} for {self.data.shape[0]} rows."
            )
        if self.colormap not in COLORMAPS:
            raise ValueError(f"ImagePanel: colormap must be {COLORMAPS}; got {self.colormap!r}.")

    def encode(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the panel's description and its bytes, as the page reads them."""
        head = _head(self, "image") | {
            "y_name": self.y_name,
            "y_unit": self.y_unit,
            "colormap": self.colormap,
        }
        return head, [self.data.tobytes(), np.asarray(self.y_values, "<f8").tobytes()]


def _check_scale(panel: WavePanel | ImagePanel) -> None:
    name = type(panel).__name__
    if not (math.isfinite(panel.low) and math.isfinite(panel.high) and panel.low < panel.high):
        raise ValueError(
            f"{name}: low must be less than high, both finite; got {panel.low}, {panel.high}."
        )
    if not panel.step > 0:
        raise ValueError(f"{name}: step must be positive; got {panel.step}.")


def _head(panel: WavePanel | ImagePanel, kind: str) -> dict[str, Any]:
    scale = {name: float(getattr(panel, name)) for name in ("low", "high", "start", "step")}
    words = {name: getattr(panel, name) for name in ("title", "label", "unit", "height")}
    return {"kind": kind, "shape": list(panel.data.shape), **words, **scale}


@dataclass(frozen=True)
class Frame:
    """What the page shows at once.

    ``time`` is the full extent of the signal in seconds, ``shown`` the part that these panels
    cover, ``summary`` the text for screen readers. ``values`` travels to the page unchanged: it
    says which control values this frame shows.
    """

    panels: tuple[WavePanel | ImagePanel, ...]
    time: tuple[float, float]
    shown: tuple[float, float]
    summary: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def encode(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the frame's description and its buffers, in the order of the panels."""
        heads, buffers = [], []
        for panel in self.panels:
            head, parts = panel.encode()
            heads.append(head)
            buffers += parts
        content = {
            "time": [float(second) for second in self.time],
            "shown": [float(second) for second in self.shown],
            "summary": self.summary,
            "values": self.values,
            "panels": heads,
        }
        return content, buffers


@dataclass(frozen=True)
class View:
    """What the page shows: a range of seconds (None: all of it) and the display's own pixels.

    ``columns`` and ``rows`` (one number per panel, none before the first frame) count device
    pixels inside the plots. ``ratio`` is device pixels per CSS pixel.
    """

    first: float | None
    last: float | None
    columns: int
    rows: tuple[int, ...]
    ratio: float

    def span(self, time: tuple[float, float]) -> tuple[float, float]:
        """Return the seconds to show of a signal that extends over ``time``.

        >>> View(None, None, 800, (), 1.0).span((0.0, 10.0))
        (0.0, 10.0)
        """
        first = time[0] if self.first is None else max(self.first, time[0])
        last = time[1] if self.last is None else min(self.last, time[1])
        return (first, last) if first < last else time


class Alarm:
    """Calls a function when it is due, on one thread that ends after some idle seconds.

    One thread rather than a timer per frame: the kernel opens a socket for each thread that sends.
    """

    LINGER = 5.0

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._wake = threading.Condition()
        self._due = math.inf
        self._thread: threading.Thread | None = None

    def __call__(self, delay: float) -> None:
        """Ring after ``delay`` seconds, or earlier where an earlier call said so."""
        due = time.monotonic() + delay
        with self._wake:
            if due >= self._due:
                return
            self._due = due
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="scope", daemon=True)
                self._thread.start()
            else:
                self._wake.notify()

    def _run(self) -> None:
        while self._wait():
            self._ring()

    def _wait(self) -> bool:
        with self._wake:
            idle = time.monotonic() + self.LINGER
            while (left := self._until(idle) - time.monotonic()) > 0:
                self._wake.wait(left)
            if self._due == math.inf:
                self._thread = None
                return False
            self._due = math.inf
            return True

    def _until(self, idle: float) -> float:
        return idle if self._due == math.inf else self._due


class Flow:
    """Frames on their way to the page: at most two, and the newest wins.

    The page acknowledges what it drew. Frames that a running cell pushes are paced by time
    instead and not acknowledged, since the page's messages arrive only after the cell. A frame that cannot go yet waits,
    is replaced by a newer one, and leaves with the next acknowledgement or when the alarm rings,
    so that the last frame always arrives.
    """

    LIMIT = 2
    EXPIRY = 1.0
    PACE = 1 / 25

    def __init__(
        self,
        deliver: Callable[[int, Frame, bool], None],
        clock: Callable[[], float] = time.monotonic,
        alarm: Callable[[float], None] | None = None,
    ) -> None:
        self._deliver = deliver
        self._clock = clock
        self._alarm = alarm or Alarm(self.pump)
        self._lock = threading.RLock()
        self._newest: Frame | None = None
        self._waiting = False
        self._paced = False
        self._count = 0
        self._sent = -math.inf
        self._under_way: dict[int, float] = {}

    def push(self, frame: Frame, *, paced: bool = False) -> None:
        """Send a frame now, or as soon as the page can take it; it replaces one that waits."""
        with self._lock:
            self._newest, self._waiting, self._paced = frame, True, paced
            self.pump()

    def acknowledge(self, number: int) -> None:
        """The page has drawn this frame, and with it all frames before."""
        with self._lock:
            self._under_way = {n: sent for n, sent in self._under_way.items() if n > number}
            self.pump()

    def reset(self) -> None:
        """A page has come up that has nothing: forget what was under way, send the newest."""
        with self._lock:
            self._under_way.clear()
            self._waiting, self._paced = self._newest is not None, False
            self.pump()

    def pump(self) -> None:
        """Send the frame that waits if it may go, otherwise set the alarm."""
        with self._lock:
            if not self._waiting or self._newest is None:
                return
            now = self._clock()
            delay = self._delay(now)
            if delay > 0:
                self._alarm(delay)
                return
            self._waiting = False
            self._count += 1
            self._sent = now
            if not self._paced:
                self._under_way[self._count] = now
            self._deliver(self._count, self._newest, self._paced)

    def _delay(self, now: float) -> float:
        """Seconds until the waiting frame may go."""
        if self._paced:
            return self._sent + self.PACE - now
        live = {n: sent for n, sent in self._under_way.items() if now - sent < self.EXPIRY}
        self._under_way = live
        return min(live.values()) + self.EXPIRY - now if len(live) >= self.LIMIT else 0.0


class _Kernel(Protocol):
    def get_parent(self) -> dict[str, Any]: ...


def _kernel() -> _Kernel | None:
    """Return the kernel that this process is, without importing one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None)


def cell_is_running() -> bool:
    """Say whether a notebook cell calls this, so that the page's messages have to wait.

    Only the main thread runs cells; the kernel tells other threads the parent of the last cell.
    """
    kernel = _kernel()
    if kernel is None or threading.current_thread() is not threading.main_thread():
        return False
    header = (kernel.get_parent() or {}).get("header") or {}
    return header.get("msg_type") == "execute_request"


class Scope(anywidget.AnyWidget):
    """The widget: shows frames, and calls back when the page wants another view or the audio.

    Everything travels in custom messages, so that no signal is stored in the notebook.
    """

    _esm = Path(__file__).parent / "scope.js"
    _css = Path(__file__).parent / "scope.css"

    def __init__(self, **kwargs: Any) -> None:
        self.view: View | None = None
        self._view_callbacks: list[Callable[[View], None]] = []
        self._audio_callbacks: list[Callable[[], None]] = []
        self._page_has_audio = False
        self._flow = Flow(self._deliver)
        super().__init__(**kwargs)
        self.on_msg(self._receive)

    def show(self, frame: Frame) -> None:
        """Show a frame as soon as the page can draw it; an older one that waits is dropped."""
        self._flow.push(frame, paced=cell_is_running())

    def on_view(self, callback: Callable[[View], None]) -> None:
        """Call ``callback(view)`` when the page comes up, zooms, pans or changes its size."""
        self._view_callbacks.append(callback)

    def on_audio(self, callback: Callable[[], None]) -> None:
        """Call ``callback()`` when the page needs the audio; it answers with `send_audio`."""
        self._audio_callbacks.append(callback)

    def send_audio(self, wav: bytes, name: str = "") -> None:
        """Give the page's player the bytes of a WAV file."""
        self._page_has_audio = True
        self.send({"kind": "audio", "name": name}, [wav])

    def invalidate_audio(self) -> None:
        """Tell the page that the audio which it holds is no longer what the panels show."""
        if self._page_has_audio:
            self._page_has_audio = False
            self.send({"kind": "stale"})

    def set_busy(self, busy: bool) -> None:
        """Show, or end, the sign that says that the kernel is computing."""
        self.send({"kind": "busy", "busy": bool(busy)})

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """Show that sign for as long as the ``with`` block runs."""
        self.set_busy(True)
        try:
            yield
        finally:
            self.set_busy(False)

    def set_status(self, text: str) -> None:
        """Show a line under the panels, such as an error; an empty text takes it away."""
        self.send({"kind": "status", "text": text})

    def _deliver(self, number: int, frame: Frame, paced: bool) -> None:
        content, buffers = frame.encode()
        self.send({"kind": "frame", "id": number, "paced": paced, **content}, buffers)

    def _receive(self, _widget: Any, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        kind = content.get("kind")
        if kind == "drawn":
            self._flow.acknowledge(content["id"])
        elif kind == "hello":
            self._flow.reset()
            self._change_view(content)
        elif kind == "view":
            self._change_view(content)
        elif kind == "audio":
            for callback in self._audio_callbacks:
                callback()

    def _change_view(self, content: dict[str, Any]) -> None:
        """Pass the page's view on, and say when that is done: the page then sends the next."""
        self.view = View(
            content["first"],
            content["last"],
            content["columns"],
            tuple(content["rows"]),
            content["ratio"],
        )
        try:
            for callback in self._view_callbacks:
                callback(self.view)
        finally:
            self.send({"kind": "viewed", "id": content["id"]})
