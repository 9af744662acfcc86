"""Recurrent networks at any ratio of sample rates, in NumPy and float64: the oracle of the tests.

A step takes the delayed state `[batch, states]` and the input `[batch, inputs]` to the fresh state;
the first `units` numbers of a state are the output h, those of an LSTM's c follow. The weights have
Keras' shapes. The definitions are those of `run`; see arXiv 2406.06293 and 2409.15884.
"""

import math

import numpy as np

METHODS = ["naive", "stn", "linear", "allpass", "cubic", *(f"lagrange {k}" for k in range(1, 6))]


def _sigmoid(x):
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def lstm_step(kernel, recurrent, bias):
    """Gates in the order input, forget, candidate, output."""

    def step(state, x):
        h, c = np.split(state, 2, axis=-1)
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=-1)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        return np.concatenate([_sigmoid(o) * np.tanh(c), c], axis=-1)

    return step


def gru_step(kernel, recurrent, bias, *, reset_after):
    """Gates in the order update, reset, candidate; two rows of biases if reset after."""
    of_input, of_state = bias if reset_after else (bias, np.zeros_like(bias))

    def step(h, x):
        xz, xr, xg = np.split(x @ kernel + of_input, 3, axis=-1)
        z_weights, r_weights, g_weights = np.split(recurrent, 3, axis=-1)
        z_bias, r_bias, g_bias = np.split(of_state, 3)
        z = _sigmoid(xz + h @ z_weights + z_bias)
        r = _sigmoid(xr + h @ r_weights + r_bias)
        seen = r * (h @ g_weights + g_bias) if reset_after else (r * h) @ g_weights
        return z * h + (1 - z) * np.tanh(xg + seen)

    return step


def simple_step(kernel, recurrent, bias):
    return lambda h, x: np.tanh(x @ kernel + h @ recurrent + bias)


def taps(method, ratio):
    """First lag and weights of the past states that make the delayed one: the FIR methods."""
    if method in ("naive", "stn"):
        return 1, np.ones(1)
    if method == "linear":
        whole = max(1, math.floor(ratio))
        return whole, np.array([1 - (ratio - whole), ratio - whole])
    order = 3 if method == "cubic" else int(method.removeprefix("lagrange "))
    early = max(0, math.floor(ratio - (order + 1) / 2))
    place, nodes = ratio - 1 - early, np.arange(order + 1)
    others = [nodes[nodes != n] for n in nodes]
    return 1 + early, np.array(
        [np.prod((place - k) / (n - k)) for n, k in zip(nodes, others, strict=True)]
    )


def delay(method, ratio):
    """What makes the delayed state of the past fresh states and the delayed state before."""
    if method == "allpass":
        whole = math.floor(ratio)
        if whole < 1:
            raise ValueError("the all-pass delays by one sample or more")
        a = (1 - (ratio - whole)) / (1 + (ratio - whole))
        return lambda past, before: a * (past[-whole] - before) + past[-whole - 1]
    lag, weights = taps(method, ratio)
    return lambda past, before: sum(w * past[-lag - k] for k, w in enumerate(weights))


def run(step, x, units, *, ratio, method, initial):
    """The outputs h `[batch, time, units]` of inputs `[batch, time, inputs]`.

    `ratio` is the rate at inference over the rate at training, `method` one of METHODS, and
    `initial` the state `[batch, states]` at every time before the first.
    """
    past = [initial] * (math.ceil(ratio) + 6)  # the latest fresh state is the last
    delayed, rule, out = initial, delay(method, ratio), []
    for now in np.swapaxes(x, 0, 1):
        delayed = rule(past, delayed)
        fresh = step(delayed, now)
        if method == "stn":
            fresh = delayed + (fresh - delayed) / ratio
        past = [*past[1:], fresh]
        out.append(fresh[:, :units])
    return np.stack(out, axis=1)
