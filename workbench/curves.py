"""Named lines over one axis: what a filter, a window or a scale looks like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.axes import Axis


@dataclass(frozen=True, eq=False)
class Curves:
    """Named lines over one axis.

    Attributes:
        axis: What runs along the points.
        data: float64 `[lines, points]`; NaN leaves a gap.
        names: Of the lines.
        quantity: What the values are, in words.
        unit: Their unit; empty for a bare number.

    Raises:
        ValueError: The shapes don't fit together.

    >>> Curves(Axis("time", "s"), np.zeros((1, 3)), ("gain",), "level", "dB").label
    'level (dB)'
    """

    axis: Axis
    data: np.ndarray
    names: tuple[str, ...]
    quantity: str
    unit: str = ""

    def __post_init__(self) -> None:
        shape = self.data.shape
        if self.data.ndim != 2 or self.data.dtype != np.float64:
            raise ValueError(f"data must be float64 [lines, points]; got {self.data.dtype} {shape}")
        if len(self.names) != shape[0]:
            raise ValueError(f"names must be as many as lines, {shape[0]}; got {len(self.names)}")
        if self.axis.values is not None and len(self.axis.values) != shape[1]:
            count = len(self.axis.values)
            raise ValueError(f"axis must have as many values as points, {shape[1]}; got {count}")

    @property
    def positions(self) -> np.ndarray:
        """Where the points lie on the axis, float64 `[points]`."""
        return self.axis.positions(self.data.shape[1])

    @property
    def label(self) -> str:
        """Quantity and unit, as a plot writes them."""
        return f"{self.quantity} ({self.unit})" if self.unit else self.quantity
