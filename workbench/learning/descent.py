"""Going downhill: parameters as places along their sliders, and rules for the next place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError

_EDGE = 1e-6  # of the slider: how near a place comes to a limit that is not itself legal


@dataclass(frozen=True)
class Coordinate:
    """A parameter as a place along its slider: 0 at its low end, 1 at its high end.

    So all parameters have one measure: hertz, decibels and samples need no steps of their own. A
    slider on a log scale makes equal ratios equal distances. A place may lie beyond the slider's
    ends, but not beyond the legal range.

    Attributes:
        low: Value at the slider's low end.
        high: Value at its high end.
        log: Whether the slider's scale is a logarithm.
        least: The smallest legal value.
        most: The largest legal value.
    """

    low: float
    high: float
    log: bool
    least: float
    most: float

    @classmethod
    def of(cls, layer: DeclaredLayer, name: str) -> Coordinate:
        """The coordinate of a layer's parameter, in the legal range that it has now."""
        param, (least, most) = layer.declared[name].param, layer.limits(name)
        value = layer.values[name] or 0.0
        reach = max(abs(value), 1.0)
        slider = param.slider or (value - reach, value + reach)
        low, high = float(min(slider)), float(max(slider))
        edge = _EDGE * (high - low) * param.open_low
        least = -math.inf if least is None else least + edge
        log = param.scale == "log" and low > 0
        return cls(low, high, log, least, math.inf if most is None else float(most))

    def place(self, value: float) -> float:
        """Where a value is."""
        if self.log:
            value = max(value, self.least, _EDGE * self.low)
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def value(self, place: float) -> float:
        """The value at a place, or at the end of the legal range that lies before it."""
        if self.log:
            found = self.low * (self.high / self.low) ** min(max(place, -50.0), 50.0)
        else:
            found = self.low + place * (self.high - self.low)
        return min(max(found, self.least), self.most)

    def slope(self, value: float) -> float:
        """By how much the value changes with the place."""
        if self.log:
            return max(value, self.least, _EDGE * self.low) * math.log(self.high / self.low)
        return self.high - self.low

    def places(self, count: int) -> np.ndarray:
        """Legal values from end to end of the slider, at even distances on its scale."""
        first, last = (self.place(self.value(end)) for end in (0.0, 1.0))
        return np.array([self.value(place) for place in np.linspace(first, last, count)])

    def places_near(self, value: float, count: int, finer: int) -> np.ndarray:
        """As `places`, and around a value, as far as from one to the next, at finer distances."""
        fine = self.places((count - 1) * finer + 1)
        apart = abs(self.place(fine[-1]) - self.place(fine[0])) / (count - 1)
        here = self.place(value)
        near = [abs(self.place(each) - here) < apart for each in fine]
        return fine[np.array(near) | (np.arange(len(fine)) % finer == 0)]


class Rule(Protocol):
    """How a descent goes on from a place, given the loss and its slope there."""

    def next(self, place: np.ndarray, loss: float, slope: np.ndarray) -> np.ndarray:
        """The place after this one."""
        ...

    def renew(self) -> None:
        """Another loss from now on, with its least value not far from that of the last one."""
        ...


class GradientDescent:
    """Against the gradient. Its rate grows while the loss falls; a step up is taken back.

    The first step has the length that was asked for. A step after which the loss has risen is
    taken back, and the next one from there has half its rate.
    """

    def __init__(self, step: float):
        self.step = step
        self._rate, self._length = 0.0, step
        self._best: tuple[np.ndarray, float, np.ndarray] | None = None

    def next(self, place: np.ndarray, loss: float, slope: np.ndarray) -> np.ndarray:
        """The place after this one."""
        if self._best is None:
            self._rate = self.step / max(float(np.linalg.norm(slope)), 1e-300)
        else:
            self._rate *= 1.5 if loss <= self._best[1] else 0.5
        if self._best is None or loss <= self._best[1]:
            self._best = (place, loss, slope)
        made = self._best[0] - self._rate * self._best[2]
        self._length = float(np.linalg.norm(made - place))
        return made

    def renew(self) -> None:
        """Another loss from now on: begins with half the length of the last step."""
        self.step, self._best = max(self._length / 2, 1e-9), None


class Adam:
    """Steps of about one length: the mean slope over the root of the mean square.

    Source: Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015.
    """

    def __init__(self, step: float):
        self.step = step
        self._count = 0
        self._mean = self._square = np.zeros(1)

    def next(self, place: np.ndarray, loss: float, slope: np.ndarray) -> np.ndarray:
        """The place after this one."""
        self._count += 1
        self._mean = 0.9 * self._mean + 0.1 * slope
        self._square = 0.99 * self._square + 0.01 * slope**2
        mean = self._mean / (1 - 0.9**self._count)
        square = self._square / (1 - 0.99**self._count)
        return place - self.step * mean / np.maximum(np.sqrt(square), 1e-300)

    def renew(self) -> None:
        """Another loss from now on: shorter steps, which forget the slopes before."""
        self.step, self._count = 0.7 * self.step, 0
        self._mean = self._square = np.zeros(1)


class SignDescent:
    """By the sign of each slope: a step grows while the sign stays, and shrinks when it turns.

    How steep the loss is does not matter, only where down is; each parameter has a step of its own.

    Source: Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning: the
    RPROP algorithm", ICNN 1993.
    """

    _LONGEST = 0.1  # of the slider

    def __init__(self, step: float):
        self._steps = np.array([step])
        self._signs = np.zeros(1)

    def next(self, place: np.ndarray, loss: float, slope: np.ndarray) -> np.ndarray:
        """The place after this one."""
        signs = np.sign(slope)
        turned = signs * self._signs
        factors = np.where(turned > 0, 1.3, np.where(turned < 0, 0.5, 1.0))
        self._steps = np.minimum(self._steps * factors, self._LONGEST)
        self._signs = signs
        return place - self._steps * signs

    def renew(self) -> None:
        """Another loss from now on: the steps stay as they are."""


RULES: dict[str, type[SignDescent] | type[GradientDescent] | type[Adam]] = {
    "sign descent": SignDescent,
    "gradient descent": GradientDescent,
    "adam": Adam,
}


def rule_of(name: str, step: float) -> Rule:
    """A rule by its name, with the length of its first step as a part of the slider.

    Raises:
        ParameterError: There is no such rule, or the step is not positive.
    """
    if name not in RULES:
        raise ParameterError("optimizer", f"be one of {list(RULES)}", repr(name))
    if not 0 < step < math.inf:
        raise ParameterError("step", "be above 0, as a part of the slider", step)
    return RULES[name](step)
