"""Named lines over one axis: what a filter, a window or a scale looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

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

    @classmethod
    def together(cls, curves: Mapping[str, Curves]) -> Curves:
        """Several as one, over all their points: a line has gaps where it has no point of its own.

        A line keeps the name under which it is given; of several, each stands behind it. Quantity,
        unit and the words of the axis are those of the first.

        Raises:
            ValueError: There is none.

        >>> axis = Axis("time", "s", step=0.5)
        >>> line = Curves(axis, np.array([[1.0, 2.0, 3.0]]), ("x",), "amplitude")
        >>> coarse = Curves(Axis("time", "s"), np.array([[1.0, 3.0]]), ("x",), "amplitude")
        >>> Curves.together({"line": line, "samples": coarse}).data.tolist()
        [[1.0, 2.0, 3.0], [1.0, nan, 3.0]]
        """
        if not curves:
            raise ValueError("curves must be at least one; got none")
        first = next(iter(curves.values()))
        positions = [each.positions for each in curves.values()]
        steps = np.concatenate([np.diff(own) for own in positions])
        grain = 1e-3 * np.min(steps, initial=np.inf, where=steps > 0)
        grain = grain if np.isfinite(grain) else 1.0
        places = [np.round(own / grain) for own in positions]  # rounding doesn't tell two apart
        every, index = np.unique(np.concatenate(places), return_index=True)
        lines, names = [], []
        for (name, each), own in zip(curves.items(), places, strict=True):
            data = np.full((len(each.data), len(every)), np.nan)
            data[:, np.searchsorted(every, own)] = each.data
            lines.append(data)
            names += [name] if len(data) == 1 else [f"{name}, {line}" for line in each.names]
        axis = replace(first.axis, values=tuple(np.concatenate(positions)[index].tolist()))
        return cls(axis, np.concatenate(lines), tuple(names), first.quantity, first.unit)
