"""Parameters of a chain learnt by gradient descent, one step at a time."""

from __future__ import annotations

import contextlib
import copy
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.backpropagation import Gradients
from workbench.chain import Chain
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError, naming
from workbench.learning.descent import Coordinate, Rule, rule_of
from workbench.learning.distance import Distance
from workbench.objectives import Loss, Objective
from workbench.tensors import as_tensor

Parameter = tuple[int, str]
_BACKWARDS = 20  # how often a move is halved until its values are legal together
_NEAR = 1e-7  # of a slider: a move below it is none
_TURNS = 2  # of the slope, until what lies between is near enough for a sharper picture
_RECENT = 10  # steps whose time tells the time of the next


@dataclass(frozen=True)
class Step:
    """What was found at one place of a descent.

    Attributes:
        number: 0 where it begins.
        loss: The objective there.
        values: The parameters there, by stage and name.
        gradients: Those of the loss with respect to them, in the units of each.
        smoothing_seconds: With which a distance was taken.
        seconds: Time that it took.
    """

    number: int
    loss: float
    values: Mapping[Parameter, float]
    gradients: Mapping[Parameter, float]
    smoothing_seconds: float
    seconds: float


class Learner:
    """Lowers an objective by changing parameters of a chain, in steps that can be watched.

    The values are set on the chain itself, and a step's loss and gradients are those at the values
    that the chain then has: what shows the chain shows what was computed. A value that somebody
    else sets between two steps is where the descent goes on from.

    A descent runs along the parameters' sliders (`descent.Coordinate`), on a log scale where the
    slider has one, and never leaves the legal range: it stops at its ends, and a move to values
    that are not legal together is halved until they are.

    From coarse to fine: when the slope has turned twice, the least distance at the present
    smoothing is near, and the smoothing of a `Distance` is halved, down to none where it is below
    half a step of the result's time. What is far apart can only be found in the smooth picture, and
    the last digits only in the sharp one. `objective` is the present one.

    Args:
        chain: The chain.
        x: Its signal, as for `Chain.run`.
        objective: What is to become small, as for `Chain.gradients`.
        parameters: Stages and names of differentiable parameters.
        optimizer: "sign descent", "gradient descent" or "adam".
        step: Length of the first step, as a part of the slider.
        patience: Steps after which the smoothing is halved in any case.

    Attributes:
        began: The parameters before the first step, by stage and name.
        history: All steps since the beginning.
        result: The gradients of the last step, with the results of all stages.
        objective: What is lowered now.

    Raises:
        ParameterError, ParameterTypeError: A parameter can't be learnt, or an option is wrong.

    >>> import workbench as wb
    >>> chain = wb.Chain([wb.layers.Saturate()], sample_rate=8000)
    >>> x = wb.noise(sample_rate=8000, seconds=0.1)[None]
    >>> target = Distance.to(chain, x, {0: {"drive_db": 7.5}})
    >>> learner = Learner(chain, x, target, [(0, "drive_db")])
    >>> for step in learner.run(40):
    ...     pass
    >>> round(chain.layers[0].values["drive_db"], 2)
    7.5
    """

    def __init__(
        self,
        chain: Chain,
        x: Any,
        objective: str | Loss | Objective,
        parameters: Sequence[Parameter],
        *,
        optimizer: str = "sign descent",
        step: float = 0.002,
        patience: int = 50,
    ):
        with naming("Learner"):
            self.chain = chain
            self.x = as_tensor(x, "signal")
            self.parameters = tuple(known_parameter(chain, *each) for each in parameters)
            if not self.parameters:
                raise ParameterError("parameters", "name at least one", "none")
            if patience < 1:
                raise ParameterError("patience", "be at least 1", patience)
            rule_of(optimizer, step)
        self.objective = self._first_objective = objective
        self.patience = patience
        self._options = (optimizer, step)
        self.began = {(at, name): chain.layers[at].values[name] for at, name in self.parameters}
        self.history: list[Step] = []
        self.result: Gradients | None = None
        self._best: Step | None = None  # at the present smoothing
        self._forget()

    @property
    def values(self) -> dict[Parameter, float]:
        """The parameters as they are now, by stage and name."""
        return {(at, name): value_of(self.chain.layers[at], name) for at, name in self.parameters}

    @property
    def converged(self) -> bool:
        """Whether the last move was none, with nothing smoothed any more."""
        return self._moved < _NEAR and not _smoothing(self.objective)

    @property
    def seconds_left(self) -> float:
        """About how long the rest of the present `run` takes."""
        recent = [step.seconds for step in self.history[-_RECENT:]]
        return self._left * statistics.median(recent) if recent else 0.0

    def step(self) -> Step:
        """Moves the parameters, and says what is found there; the first step only says it.

        Raises:
            ParameterError: The objective does not fit the result.
        """
        started = time.perf_counter()
        if self.history and self.history[-1].values == self.values:
            self._move(self.history[-1])
        else:
            self._begin()
            self._set(self.values)  # also where None stood for a value
        made = self._look(started)
        if self.converged and self._best is not None and self._best.loss < made.loss:
            self._set(self._best.values)  # the last valley may lie above where it began
            made = self._look(time.perf_counter())
        return made

    def _look(self, started: float) -> Step:
        """The next step of the history: the loss and the gradients where the parameters are."""
        result = self.chain.gradients(self.x, self.objective, parameters=self.parameters)
        found = {(at, name): float(result.parameters[at][name]) for at, name in self.parameters}
        self.result = result
        made = Step(
            len(self.history),
            float(result.value),
            self.values,
            found,
            _smoothing(self.objective),
            time.perf_counter() - started,
        )
        self.history.append(made)
        if self._best is None or made.loss < self._best.loss:
            self._best = made
        return made

    def run(self, steps: int) -> Iterator[Step]:
        """So many steps, fewer if it has converged; the chain stays where the last one was."""
        for left in reversed(range(steps)):
            self._left = left
            yield self.step()
            if self.converged:
                break
        self._left = 0

    @contextlib.contextmanager
    def restoring(self) -> Iterator[None]:
        """Puts back what it has learnt when the ``with`` block fails; the chain is not its own."""
        rule = copy.deepcopy(self._rule)
        kept = {**vars(self), "history": [*self.history], "_rule": rule}
        try:
            yield
        except BaseException:  # also an interrupt
            vars(self).update(kept)
            raise

    def restart(self) -> None:
        """Puts the parameters back to what they were, and forgets all steps."""
        self._set(self.began)
        self.objective = self._first_objective
        self._forget()

    def _forget(self) -> None:
        self.history = []
        self.result = None
        self._left = 0
        self._begin()

    def _begin(self) -> None:
        """Nothing is known of the steps before: losses can't be compared with theirs."""
        self._rule: Rule = rule_of(*self._options)
        self._moved = float("inf")
        self._best = None
        self._slope = np.zeros(len(self.parameters))
        self._turns = self._steps = 0

    def _move(self, last: Step) -> None:
        """Sets the parameters to where the rule goes from the last step."""
        along = [Coordinate.of(self.chain.layers[at], name) for at, name in self.parameters]
        values, slopes = list(last.values.values()), list(last.gradients.values())
        place = np.array([each.place(value) for each, value in zip(along, values, strict=True)])
        slope = np.array(
            [_inward(*each) for each in zip(along, values, slopes, strict=True)], np.float64
        )
        if self._is_past(slope) and self._sharpened():
            return  # the same place, in a sharper picture
        aim = self._rule.next(place, last.loss, slope)
        for _ in range(_BACKWARDS):
            found = [each.value(there) for each, there in zip(along, aim, strict=True)]
            try:
                self._set(dict(zip(self.parameters, found, strict=True)))
                break
            except ParameterError:  # each is legal, but not with the others
                aim = (aim + place) / 2
        reached = [
            each.place(value) for each, value in zip(along, self.values.values(), strict=True)
        ]
        self._moved = float(np.max(np.abs(reached - place)))

    def _is_past(self, slope: np.ndarray) -> bool:
        """Whether the least loss at the present smoothing lies behind, or can't be reached."""
        before, self._slope = self._slope, slope
        self._steps += 1
        self._turns += float(np.dot(before, slope)) < 0
        return self._turns == _TURNS or self._moved < _NEAR or self._steps > self.patience

    def _sharpened(self) -> bool:
        """Halves the smoothing, and says whether there was any."""
        if not isinstance(self.objective, Distance) or not self.objective.smoothing_seconds:
            return False
        half, step = self.objective.smoothing_seconds / 2, self.chain.axes[0].step
        self.objective = self.objective.smoothed(half if half > step / 2 else 0.0)
        self._rule.renew()
        self._turns = self._steps = 0
        self._moved = float("inf")
        self._best = None  # of another picture
        return True

    def _set(self, values: Mapping[Parameter, float | None]) -> None:
        """Sets parameters, all or none."""
        with self.chain.restoring():
            for at in dict.fromkeys(at for at, _ in values):
                self.chain.set(at, **{name: v for (of, name), v in values.items() if of == at})


def known_parameter(chain: Chain, at: int, name: str) -> Parameter:
    """A parameter of a chain that can be learnt, its stage counted from the front."""
    count = len(chain.layers)
    if not -count <= at < count:
        raise ParameterError("parameters", f"name stages 0 .. {count - 1}", at)
    layer = chain.layers[at]
    declared = layer.declared if isinstance(layer, DeclaredLayer) else {}
    able = [n for n, d in declared.items() if d.has_slope({**layer.values, n: 0.0})]
    if name not in able:
        rule = f"name differentiable parameters of stage {at}: some of {able}"
        raise ParameterError("parameters", rule, repr(name))
    if layer.values[name] is None and declared[name].param.automatic is None:
        raise ParameterError(name, "be given to be learnt", None)
    return at % count, name


def value_of(layer: DeclaredLayer, name: str) -> float:
    """A parameter's value, or what it stands for."""
    value, automatic = layer.values[name], layer.declared[name].param.automatic
    return float(automatic(layer.values) if value is None and automatic is not None else value)


def _smoothing(objective: Any) -> float:
    return objective.smoothing_seconds if isinstance(objective, Distance) else 0.0


def _inward(along: Coordinate, value: float, gradient: float) -> float:
    """The slope along a slider; none where down is out of the legal range, or nowhere."""
    slope = gradient * along.slope(value)
    out = (value <= along.least and slope > 0) or (value >= along.most and slope < 0)
    return slope if np.isfinite(slope) and not out else 0.0
