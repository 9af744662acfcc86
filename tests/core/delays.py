"""Delays by closed forms, as matrices that hold for complex delays too: the oracle of the tests."""

import numpy as np
import scipy.signal
import scipy.special
import tensorflow as tf

KINDS = [
    ("linear", 3), ("hermite", 3), ("lagrange", 1), ("lagrange", 2), ("lagrange", 3),
    ("lagrange", 15), ("thiran", 1), ("thiran", 2), ("thiran", 4), ("sinc", 3), ("fft", 3),
]  # fmt: skip
CHANGING = [given for given in KINDS if given[0] not in ("thiran", "fft")]
DELAYS = [0.0, 0.25, 1e-9, 5.0, 17.5, 30.999, 70.2]
LENGTH = 60
STEP = 1e-30  # of a derivative by a complex step: Im f(x + ih) / h, exact to rounding


def lowest(kind, order):
    """The smallest fraction: kinds around the nearest sample begin half a sample before it."""
    centred = kind in ("thiran", "fft") or (kind == "lagrange" and order % 2 == 0)
    return -0.5 if centred else 0.0


def closed_form(kind, order, f, reach=LENGTH, lobes=32):
    """Responses at lags -reach .. reach to an impulse delayed by the fraction f (complex too)."""
    lags = np.arange(-reach, reach + 1)
    h = np.zeros(len(lags), complex)
    if kind == "linear":
        h[reach : reach + 2] = 1 - f, f
    elif kind == "hermite":  # values a, b and slopes (b - before) / 2, (after - a) / 2 of a cubic
        a, b = 2 * f**3 - 3 * f**2 + 1, -2 * f**3 + 3 * f**2
        first, second = f**3 - 2 * f**2 + f, f**3 - f**2
        h[reach - 1 : reach + 3] = -first / 2, a - second / 2, b + first / 2, second / 2
    elif kind == "lagrange":
        nodes = np.arange(order + 1) - (order // 2 if order % 2 == 0 else (order - 1) // 2)
        for k in nodes:
            others = nodes[nodes != k]
            h[k + reach] = np.prod(f - others) / np.prod(k - others)
    elif kind == "thiran":
        k, n = np.arange(1, order + 1), np.arange(order + 1)[:, None]
        ratios = np.prod((f + n) / (f + n + k), axis=0)
        a = np.concatenate([[1], (-1.0) ** k * scipy.special.binom(order, k) * ratios])
        impulse = np.zeros(reach + order + 1, complex)
        impulse[0] = 1
        h[reach - order :] = scipy.signal.lfilter(a[::-1], a, impulse)
    else:
        t = lags - f
        h = np.sinc(t)
        if kind == "sinc":
            root = np.emath.sqrt(1 - (t / lobes) ** 2)
            beta = 14.0 * min(1, lobes / 32)
            window = scipy.special.iv(0, beta * root) / scipy.special.iv(0, beta)
            h = h * np.where((-lobes < t.real) & (t.real <= lobes), window, 0)
    return lags, h


def matrix(kind, order, delay, length=LENGTH):
    """What the op does to a signal: `y = matrix @ x`; a tiny imaginary part for the slope."""
    whole = int(np.floor(delay - lowest(kind, order)))
    f = delay - whole + 1j * STEP
    lags, h = closed_form(kind, order, f, 2 * length + 80)
    n = np.arange(length)
    places = n[:, None] - n - whole - lags[0]
    inside = (places >= 0) & (places < len(h))
    return np.where(inside, h[np.clip(places, 0, len(h) - 1)], 0)


def example(rows=1, length=LENGTH, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, length))


def ways(delay, kind, rows, length=LENGTH):
    """The same delay as all that the op takes."""
    yield delay
    yield tf.constant(delay, tf.float64)
    yield tf.fill([rows], tf.constant(delay, tf.float64))
    if kind not in ("thiran", "fft"):
        yield tf.fill([rows, length], tf.constant(delay, tf.float64))
