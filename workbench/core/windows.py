"""Windows of short-time analysis: designed once from numbers, computed from tensors."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.errors import ParameterError
from workbench.params import Param
from workbench.tensors import as_type, is_tensor

Window = Annotated[
    str,
    Param(
        "Shape of the window.",
        choices=("hann", "hamming", "blackman", "kaiser", "gaussian", "povey", "boxcar"),
    ),
]
WindowSymmetric = Annotated[
    bool,
    Param(
        "Symmetric as Kaldi has it; if not, periodic as for spectral analysis.",
        detail=True,
    ),
]
WindowLength = Annotated[
    float,
    Param(
        "Length of the window in the middle of the frame, zero outside; may be a fraction. "
        "None: frame_length.",
        unit="samples",
        low=1.0,
        most=lambda values: float(values["frame_length"]),
        automatic=lambda values: float(values["frame_length"]),
        slider=(16.0, 1024.0),
        scale="log",
        differentiable=True,
        detail=True,
    ),
]
KaiserBeta = Annotated[
    float,
    Param(
        "Shape of the kaiser window: 0 rectangular, larger with lower side lobes.",
        low=0.0,
        high=500.0,
        slider=(0.0, 20.0),
        differentiable=True,
        only=("window", ("kaiser",)),
    ),
]
GaussianStd = Annotated[
    float,
    Param(
        "Standard deviation of the gaussian window, in parts of half its length.",
        low=0.0,
        open_low=True,
        slider=(0.1, 1.0),
        differentiable=True,
        only=("window", ("gaussian",)),
    ),
]

_COSINES = {  # coefficients of sum_k (-1)^k a_k cos(2 pi k u); Harris 1978
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "boxcar": (1.0,),
}


def window_width(values: Mapping[str, Any]) -> Any:
    """Samples of the frame that the window covers: a number, or a tensor, which may be any.

    Raises:
        ParameterError: `window_length` exceeds `frame_length`.
    """
    full, width = values["frame_length"], values["window_length"]
    if width is None:
        return float(full)
    if not is_tensor(width) and width > full:
        rule = f"be at most frame_length, {full}: the window lies inside the frame"
        raise ParameterError("window_length", rule, width)
    return width


def window_of(values: Mapping[str, Any], dtype: tf.DType, frame_length: int = 0) -> tf.Tensor:
    """The window that the parameters of an STFT describe, `[frame_length]`.

    Args:
        values: The parameters.
        dtype: Its type; it is designed in float64 and cast last.
        frame_length: Another length than the one in `values`; `window_length` shrinks with it.

    Raises:
        ParameterError: `window_length` exceeds `frame_length`.
    """
    full = values["frame_length"]
    frame_length = frame_length or full
    width = window_width(values) * frame_length / full
    shape = values["window"], values["window_symmetric"]
    numbers = width, values["kaiser_beta"], values["gaussian_std"]
    if not any(is_tensor(number) for number in numbers):
        return tf.constant(design_window(*shape, frame_length, *numbers), dtype)
    tensors = [as_type(number, tf.float64) for number in numbers]
    return tf.cast(_evaluate(tf, *shape, frame_length, *tensors), dtype)


@functools.lru_cache(maxsize=256)
def design_window(
    window: str,
    symmetric: bool,
    frame_length: int,
    window_length: float | None = None,
    kaiser_beta: float = 12.0,
    gaussian_std: float = 0.4,
) -> np.ndarray:
    """A window in the middle of a frame.

    Returns:
        float64 `[frame_length]`.

    >>> design_window("hann", False, 4).round(3).tolist()
    [0.0, 0.5, 1.0, 0.5]
    >>> design_window("hann", True, 5).round(3).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    width = float(frame_length if window_length is None else window_length)
    shape = _evaluate(np, window, symmetric, frame_length, width, kaiser_beta, gaussian_std)
    shape.flags.writeable = False
    return shape


def _evaluate(
    m: Any, window: str, symmetric: bool, frame_length: int, width: Any, beta: Any, std: Any
) -> Any:
    """The window as a function of continuous positions; `m` is NumPy, or TensorFlow for tensors.

    A periodic window of N samples runs over 0 <= n < N and is symmetric about N / 2, a symmetric
    one over 0 <= n <= N - 1 and about (N - 1) / 2. So either stays in its place as its width
    changes, and one of `width` samples, whole and as even or odd as `frame_length`, is the window
    of that length with zeros around it.
    """
    if frame_length == 1:  # as SciPy has it; the periodic formula gives its value at 0
        return np.ones(1) if m is np else tf.ones(1, tf.float64)
    last = float(symmetric)
    offsets = np.arange(frame_length) - (frame_length - last) / 2
    place = offsets / m.maximum(width - last, 0.5)  # 0.5: all but the middle lie outside
    inside = (place >= -0.5) & ((place <= 0.5) if symmetric else (place < 0.5))
    place = m.where(inside, place, m.zeros_like(place))
    return m.where(inside, _shape(m, window, place, beta, std), m.zeros_like(place))


def _shape(m: Any, window: str, place: Any, beta: Any, std: Any) -> Any:
    """The window at places -0.5 .. 0.5, its middle at 0."""
    if window == "kaiser":
        return _kaiser(m, 1.0 - 4.0 * place * place, beta)
    if window == "gaussian":
        return m.exp(-0.5 * (2.0 * place / std) ** 2)
    if window == "povey":  # hann ** 0.85; a cosine's power has a finite slope at 0, hann's hasn't
        return m.maximum(m.cos(np.pi * place), 0.0) ** 1.7
    terms = enumerate(_COSINES[window])
    return sum(a * m.cos(2 * np.pi * k * place) for k, a in terms) + m.zeros_like(place)


def _kaiser(m: Any, height: Any, beta: Any) -> Any:
    """`I0(beta sqrt(height)) / I0(beta)`, with a finite slope where `height` is 0."""
    low = height < 1e-9  # there I0(x) = 1 + x^2 / 4 is exact to 1e-13 of a beta of 20
    root = m.sqrt(m.where(low, m.ones_like(height), height))
    middle = _bessel(m, beta * root) * m.exp(beta * (root - 1.0))
    edge = (1.0 + 0.25 * beta * beta * height) * m.exp(-beta)
    return m.where(low, edge, middle) / _bessel(m, beta)


def _bessel(m: Any, x: Any) -> Any:
    """`exp(-x) I0(x)`, of x >= 0."""
    return np.i0(x) * np.exp(-x) if m is np else tf.math.bessel_i0e(x)
