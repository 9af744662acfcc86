"""Where the poles of recurrent layers lie at another rate, by the order of the interpolation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.core.stability import poles
from workbench.core.state_delays import MOST_ORDER, ORDERED, StateDelay, design_state_delay
from workbench.rate_layer import LEVELS, RateLayer

Poles = dict[str, dict[str, np.ndarray]]
_ORDERS = {"linear": 1, "cubic": 3}


def poles_by_order(layers: Sequence[RateLayer], ratio: float) -> Poles:
    """The poles of naive and of each Lagrange order, by `order_name`; see `poles_of`.

    >>> import workbench as wb
    >>> found = poles_by_order(wb.read_model("diode_clipper").recurrent, 48000 / 44100)
    >>> list(found)
    ['naive', 'order 1', 'order 2', 'order 3', 'order 4', 'order 5']
    """
    delays = {"naive": design_state_delay(ratio, "naive", 1)}
    for order in range(1, MOST_ORDER + 1):
        delays[order_name("lagrange", order)] = design_state_delay(ratio, "lagrange", order)
    return {name: poles_of(layers, delay) for name, delay in delays.items()}


def poles_of(layers: Sequence[RateLayer], delay: StateDelay) -> dict[str, np.ndarray]:
    """All poles in silence, and all at the constant input at which the largest one lies.

    Inputs at which a layer does not come to rest have no poles.
    """
    quiet, worst = [], []
    for layer in layers:
        rows = np.isfinite(layer.eigenvalues).all(axis=1)
        found = poles(layer.eigenvalues[rows], delay)
        every = found.reshape(len(found), found.shape[1] * found.shape[2])
        quiet.append(every[np.array(LEVELS)[rows] == 0].ravel())
        if len(every):
            worst.append(every[np.argmax(np.max(np.abs(every), axis=1))])
    none = np.zeros(0, complex)
    return {
        "in silence": np.concatenate([none, *quiet]),
        "at the least stable input": np.concatenate([none, *worst]),
    }


def order_name(interpolation: str, order: int) -> str:
    """Under which name an interpolation's poles stand: those of Lagrange by their order.

    >>> order_name("cubic", 1), order_name("minimax", 4), order_name("stn", 1)
    ('order 3', 'minimax 4', 'stn')
    """
    if interpolation in ("lagrange", *_ORDERS):
        return f"order {_ORDERS.get(interpolation, order)}"
    return method_name(interpolation, order)


def method_name(interpolation: str, order: int) -> str:
    """An interpolation with its order, where it has one to choose."""
    return f"{interpolation} {order}" if has_order(interpolation) else interpolation


def has_order(interpolation: str) -> bool:
    """Whether an interpolation has an order to choose."""
    return interpolation in ORDERED
