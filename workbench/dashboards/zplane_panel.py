"""The panel of poles and zeros: complex planes, each with the unit circle."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

EDGE = 1 + 1e-6  # of the unit circle: float32 may put a point of it that far out


@dataclass(frozen=True)
class ZPlane:
    """One complex plane: named groups of points (poles, zeros), each complex ``[points]``."""

    title: str
    points: Mapping[str, np.ndarray]
    chosen: bool = False


@dataclass(frozen=True)
class ZPlanePanel:
    """Complex planes side by side, each with the unit circle.

    A group has the same colour and marker in all planes, in the order in which groups come: first
    a cross, as for poles, then a ring, as for zeros. Of the groups that are ``bounded`` (None: all)
    points outside of the circle stand out: a pole there is unstable, a zero is not. ``limit`` is
    the largest real and imaginary part in view (None: enough for all points, but 2 at most); what
    lies beyond is drawn at the edge. With a ``sample_rate`` angles read as frequencies. ``height``
    is the side of a plane in CSS pixels where there is room.
    """

    title: str
    planes: tuple[ZPlane, ...]
    sample_rate: float | None = None
    limit: float | None = None
    label: str = "magnitude"
    unit: str = ""
    height: int = 180
    bounded: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not self.planes:
            raise ValueError("ZPlanePanel: planes must hold at least one; got none.")
        if sum(plane.chosen for plane in self.planes) > 1:
            raise ValueError("ZPlanePanel: planes must have at most one that is chosen.")
        if not np.isfinite(self._magnitudes).all():
            raise ValueError(f"ZPlanePanel: the points of {self.title!r} must be finite.")
        if self.limit is not None and not 1 < self.limit < math.inf:
            raise ValueError(f"ZPlanePanel: limit must be above 1; got {self.limit}.")

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups, in the order in which they come."""
        return tuple(dict.fromkeys(name for plane in self.planes for name in plane.points))

    def is_bounded(self, name: str) -> bool:
        """Whether the points of a group belong inside of the unit circle."""
        return self.bounded is None or name in self.bounded

    @property
    def low(self) -> float:
        """The smallest magnitude."""
        return float(np.min(self._magnitudes, initial=math.inf)) if self._magnitudes.size else 0.0

    @property
    def high(self) -> float:
        """The largest magnitude."""
        return float(np.max(self._magnitudes, initial=0.0))

    @property
    def extent(self) -> float:
        """The largest real and imaginary part in view."""
        if self.limit is not None:
            return self.limit
        return min(max(1.3, 1.1 * math.ceil(10 * self.high) / 10), 2.0)

    @property
    def _magnitudes(self) -> np.ndarray:
        points = [np.ravel(group) for plane in self.planes for group in plane.points.values()]
        return np.abs(np.concatenate(points)) if points else np.zeros(0)

    def encode(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the panel's description and its bytes, as the page reads them."""
        none = np.zeros(0)
        points = [[plane.points.get(name, none) for name in self.groups] for plane in self.planes]
        planes = [
            {"title": plane.title, "chosen": plane.chosen, "counts": [len(group) for group in own]}
            for plane, own in zip(self.planes, points, strict=True)
        ]
        head = {
            "kind": "zplane",
            "title": self.title,
            "height": self.height,
            "names": self.groups,
            "bounded": [self.is_bounded(name) for name in self.groups],
            "planes": planes,
            "limit": float(self.extent),
            "sample_rate": self.sample_rate,
        }
        every = np.concatenate([group for own in points for group in own] or [none])
        return head, [every.astype("<c16").tobytes()]
