"""At which rate a recurrent layer runs: how its state is read there, and whether that is stable."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.core.cells import Cell
from workbench.core.recurrence import state_delay
from workbench.core.stability import Choice, Prediction, choose_order, eigenvalues_at_rest, predict
from workbench.core.state_delays import LEAST_RATIO, ORDERED, StateDelay
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError, naming
from workbench.tensors import is_tensor

LEVELS = tuple(float(level) for level in np.linspace(-1, 1, 9))  # constant inputs that are tried


class UnstableWarning(UserWarning):
    """A recurrent layer is predicted to be unstable at the rate at which it runs."""


class RateLayer(DeclaredLayer):
    """A recurrent layer's two rates and its interpolation, for the weights that it has."""

    def __init__(self, *options: Any, **values: Any):
        self._choice: Choice | None = None
        self._to_settle = False  # whether the weights are yet to come, or to be looked at
        self._rest: tuple[list[np.ndarray], np.ndarray] | None = None
        super().__init__(*options, **values)

    @property
    def choice(self) -> Choice:
        """What interpolation "auto" has chosen for the weights of now, and why.

        Raises:
            ParameterError: The layer has no weights yet.
        """
        if self._choice is None:
            values = self._known
            ratio = values["sample_rate"] / values["training_rate"]
            self._choice = choose_order(self.eigenvalues, ratio)
        return self._choice

    @property
    def eigenvalues(self) -> np.ndarray:
        """Those of the Jacobian at rest, complex `[inputs, states]`, for the inputs `LEVELS`.

        They take a second to find and do not depend on the rate: kept until the weights change.

        Raises:
            ParameterError: The layer has no weights yet.
        """
        if not self._has_weights:
            raise ParameterError("weights", "be there", "none", "Build it.").named(self.spec.name)
        with tf.init_scope():  # numbers, also while a graph is traced
            weights = [np.asarray(weight) for weight in self._cell_weights()]
        if self._rest is None or not all(map(np.array_equal, self._rest[0], weights)):
            # in a thread of its own nothing is traced, and no scope stops the recording of tapes
            with ThreadPoolExecutor(1) as aside:
                found = aside.submit(_at_rest, self._cell(), weights).result()
            found.flags.writeable = False
            self._rest = ([np.array(weight) for weight in weights], found)
        return self._rest[1]

    def prediction(
        self,
        interpolation: str | None = None,
        order: int | None = None,
        sample_rate: float | None = None,
    ) -> Prediction:
        """How stable the layer is predicted to be, with its parameters or others."""
        others = {"interpolation": interpolation, "order": order, "sample_rate": sample_rate}
        given = {name: value for name, value in others.items() if value is not None}
        return predict(self.eigenvalues, self._delay({**self._known, **given}))

    def instability(self, **others: Any) -> str:
        """What to say where the interpolation, not the model itself, is predicted unstable.

        Args:
            **others: Parameters to say it of, in place of the layer's own.
        """
        values = {**self._at_hand, **others}
        if values["interpolation"] in ("auto", "naive"):
            return ""
        if values["sample_rate"] == values["training_rate"]:
            return ""
        made = self.prediction(**others)
        if made.stable or not self.prediction(**{**others, "interpolation": "naive"}).stable:
            return ""
        ordered = values["interpolation"] in ORDERED
        order = f" of order {values['order']}" if ordered else ""
        return (
            f"{self.spec.name}: interpolation {values['interpolation']!r}{order} is predicted "
            f"unstable at {values['sample_rate']:.10g} Hz: a pole of magnitude "
            f"{made.radius:.4g} at the constant input {LEVELS[made.worst]:g}. "
            "Take interpolation='auto'."
        )

    def choose(self) -> Choice:
        """Chooses anew, for weights that have changed since by training, or through a model.

        A stateful layer begins anew.
        """
        self._changed()
        return self.choice

    @property
    def held(self) -> Choice | None:
        """What "auto" has chosen."""
        return self.choice if self._has_weights and self._is_auto else None

    @property
    def _is_auto(self) -> bool:
        return self._at_hand["interpolation"] == "auto"

    def limits(self, name: str) -> tuple[float | None, float | None]:
        """The least and the most that a learnt parameter may be now."""
        values = self._at_hand
        least = 1.0 if values["interpolation"] == "allpass" else LEAST_RATIO
        return least * values["training_rate"], super().limits(name)[1]

    def _delay(self, values: Mapping[str, Any]) -> StateDelay:
        """The delay of these parameters, one of which may be a tensor."""
        named = {name: values[name] for name in self.spec.parameters}
        if named["interpolation"] == "auto":
            chosen = self.choice_at(named["sample_rate"])
            named |= {"interpolation": chosen.interpolation, "order": chosen.order}
        with naming(self.spec.name):
            return state_delay(**named)

    def choice_at(self, rate: Any) -> Choice:
        """What "auto" chooses at another rate; for one that is a tensor, at the rate of now."""
        if is_tensor(rate) or rate == self._at_hand["sample_rate"]:
            return self.choice
        return choose_order(self.eigenvalues, rate / self._at_hand["training_rate"])

    @property
    def _current(self) -> dict[str, Any]:
        return self._at_hand | self._weights_of

    def _check(self) -> dict[str, Any] | None:
        checked = super()._check()
        if checked is not None:
            auto = checked["interpolation"] == "auto"
            self._delay(checked | ({"interpolation": "lagrange"} if auto else {}))
        return checked

    def _changed(self) -> None:
        """Chooses and warns anew."""
        self._choice, self._to_settle = None, False
        if self.built:
            self._warn_if_unstable()

    def _settle(self) -> None:
        """Looks at weights that a file has brought, which come after the layer's own variables."""
        if self._to_settle:
            self._changed()

    def _warn_if_unstable(self) -> None:
        if not self._to_settle and (said := self.instability()):
            warnings.warn(said, UnstableWarning, stacklevel=3)

    def set_weights(self, weights: Any) -> None:
        """Takes other weights; "auto" chooses anew."""
        super().set_weights(weights)
        self._changed()

    def load_own_variables(self, store: Any) -> None:
        """Takes the weights of a file; "auto" chooses anew."""
        super().load_own_variables(store)
        self._choice, self._to_settle = None, True

    def build_from_config(self, config: Any) -> None:
        """Makes the weights, to which a file or a first call gives a meaning."""
        self._to_settle = True
        super().build_from_config(config)

    def _cell(self) -> Cell:
        """The base recurrence."""
        raise NotImplementedError

    def _cell_weights(self) -> list[Any]:
        """Its weights."""
        raise NotImplementedError


def _at_rest(cell: Cell, weights: list[np.ndarray]) -> np.ndarray:
    """The eigenvalues of a cell's Jacobian at rest, a row for each of `LEVELS`."""
    exact = [tf.constant(weight, tf.float64) for weight in weights]
    features = exact[0].shape[0]
    levels = tf.constant(LEVELS, tf.float64)[:, tf.newaxis]
    projected = cell.project(tf.tile(levels, [1, features]), exact)

    def step(states: tf.Tensor) -> tf.Tensor:
        return tf.concat(cell.step(projected, tuple(tf.split(states, cell.parts, -1)), exact), -1)

    return eigenvalues_at_rest(step, tf.zeros([len(LEVELS), cell.parts * cell.units], tf.float64))
