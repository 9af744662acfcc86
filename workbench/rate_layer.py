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
from workbench.core.state_delays import StateDelay
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError, naming

LEVELS = tuple(float(level) for level in np.linspace(-1, 1, 9))  # constant inputs that are tried


class UnstableWarning(UserWarning):
    """A recurrent layer is predicted to be unstable at the rate at which it runs."""


class RateLayer(DeclaredLayer):
    """A recurrent layer's two rates and its interpolation, for the weights that it has."""

    def __init__(self, *options: Any, **values: Any):
        self._choice: Choice | None = None
        super().__init__(*options, **values)

    @property
    def choice(self) -> Choice:
        """What interpolation "auto" has chosen for the weights of now, and why.

        Raises:
            ParameterError: The layer has no weights yet.
        """
        if self._choice is None:
            values = self.values if tf.executing_eagerly() else self._at_hand
            ratio = values["sample_rate"] / values["training_rate"]
            self._choice = choose_order(self.eigenvalues, ratio)
        return self._choice

    @property
    def eigenvalues(self) -> np.ndarray:
        """Those of the Jacobian at rest, complex `[inputs, states]`, for the inputs `LEVELS`.

        Raises:
            ParameterError: The layer has no weights yet.
        """
        if not self._has_weights:
            raise ParameterError("weights", "be there", "none", "Build it.").named(self.spec.name)
        with tf.init_scope():  # numbers, also while a graph is traced
            weights = [np.asarray(weight) for weight in self._cell_weights()]
        # in a thread of its own nothing is being traced, and no scope stops the recording of tapes
        with ThreadPoolExecutor(1) as aside:
            return aside.submit(_at_rest, self._cell(), weights).result()

    def prediction(self, interpolation: str | None = None, order: int | None = None) -> Prediction:
        """How stable the layer is predicted to be, with this interpolation or another."""
        values = dict(self.values)
        values |= {} if interpolation is None else {"interpolation": interpolation}
        values |= {} if order is None else {"order": order}
        return predict(self.eigenvalues, self._delay(values))

    def choose(self) -> Choice:
        """Chooses anew, for weights that have changed since (by training); see `choice`."""
        self._choice = None
        return self.choice

    def _delay(self, values: Mapping[str, Any]) -> StateDelay:
        """The delay of these parameters, one of which may be a tensor."""
        named = {name: values[name] for name in self.spec.parameters}
        if named["interpolation"] == "auto":
            chosen = self.choice
            named |= {"interpolation": chosen.interpolation, "order": chosen.order}
        with naming(self.spec.name):
            return state_delay(**named)

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
        self._choice = None
        if self.built:
            self._warn_if_unstable()

    def _warn_if_unstable(self) -> None:
        """Warns where the interpolation, not the model itself, is predicted unstable."""
        values = self._at_hand
        if values["interpolation"] in ("auto", "naive"):
            return
        if values["sample_rate"] == values["training_rate"]:
            return
        made, own = self.prediction(), self.prediction("naive")
        if not made.stable and own.stable:
            level = LEVELS[made.worst]
            warnings.warn(
                f"{self.spec.name}: interpolation {values['interpolation']!r} is predicted "
                f"unstable at {values['sample_rate']:g} Hz: a pole of magnitude {made.radius:.4g} "
                f"at the constant input {level:g}. Take interpolation='auto'.",
                UnstableWarning,
                stacklevel=3,
            )

    def set_weights(self, weights: Any) -> None:
        """Takes other weights; "auto" chooses anew."""
        super().set_weights(weights)
        self._changed()

    def load_own_variables(self, store: Any) -> None:
        """Takes the weights of a file; "auto" chooses anew."""
        super().load_own_variables(store)
        self._changed()

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
