"""Whether a file computes what the layer does: signals to try, and how far apart results are."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import workbench.core.spectral as spectral
from workbench.errors import ExportError
from workbench.exports.subject import Subject, layers_of, sequence_of
from workbench.exports.target import Run, Target, first_line, stacked
from workbench.layers import InstantaneousFrequency, Phase
from workbench.op_layer import OpLayer
from workbench.recurrent import RateIndependent

ALLOWED_DB = -100.0
_HALF = {"float16": 2.0**-11, "bfloat16": 2.0**-8}  # what their numbers are rounded by
_MARGIN = 4.0  # times what the layer itself changes by, if its input does by a rounding error
_LONGEST, _SHORTEST, _OF_LOOPS, _FRAMES = 16000, 4000, 400, 40
_SECONDS, _MOST_SECONDS = 5.0, 10.0  # of a sound that is there
_SEED = 20


@dataclass(frozen=True)
class Checked:
    """What the comparison has found.

    Attributes:
        error_db: The worst error, see `Report`.
        own_db: How far the layer's own result moves if its input moves by a rounding error.
        signals: How many were tried.
        lengths: The shortest and the longest of them.
        result: The shape of the first result, None where it varies.
    """

    error_db: float
    own_db: float
    signals: int
    lengths: tuple[int, int]
    result: tuple[int | None, ...]


def length_for(subject: Subject, check: np.ndarray | None) -> int:
    """The length of the first signal."""
    if check is not None:
        return int(check.shape[subject.time])
    if (fixed := subject.shape[subject.time]) is not None:
        return fixed
    first = subject.sequence[0]
    if isinstance(first, OpLayer) and first.spec.takes == 2:
        return _FRAMES
    if has_loops(subject.model):
        return _OF_LOOPS
    return int(np.clip((subject.rate or 0) / 2, _SHORTEST, _LONGEST))


def beginning(model: keras.layers.Layer, x: Any, rate: float, any_length: bool) -> np.ndarray:
    """As much of a signal, `[batch, time]`, as a check of a layer with it needs.

    Some seconds, or some steps of a loop; what takes one length alone should have all of a sound.
    """
    if any_length and has_loops(model):
        return np.asarray(x[:, :_OF_LOOPS])
    return np.asarray(x[:, : round((_SECONDS if any_length else _MOST_SECONDS) * rate)])


def has_loops(model: keras.layers.Layer) -> bool:
    """Whether a layer in it goes through time step by step."""
    return any(isinstance(one, (RateIndependent, keras.layers.RNN)) for one in layers_of(model))


def signals(subject: Subject, check: np.ndarray | None, any_length: bool) -> Iterator[np.ndarray]:
    """Signals of several lengths, rows and levels: the given one first, silence last."""
    length = length_for(subject, check)
    first = _noise(subject, 1, length) if check is None else check
    yield first
    if any_length and subject.shape[subject.time] is None:
        yield _noise(subject, 1, length - length // 3)
        yield _noise(subject, 3, length + length // 5 + 1)
    rows = first.shape[0] if subject.has_batch else 1
    half = np.arange(length) < length // 2
    shape = [-1 if i == subject.time else 1 for i in range(first.ndim)]
    yield _noise(subject, rows, length) * half.reshape(shape).astype(subject.dtype)
    yield np.zeros_like(first)


def _noise(subject: Subject, rows: int, length: int) -> np.ndarray:
    """Noise that fades, in so many rows where any will do, each 20 dB below the one before."""
    shape = [rows if n is None else n for n in subject.shape]
    shape[subject.time] = length
    rng = np.random.default_rng(_SEED + length)
    values = 0.3 * rng.standard_normal(shape)
    fading = [-1 if i == subject.time else 1 for i in range(len(shape))]
    values *= np.exp(-2 * np.arange(length) / length).reshape(fading)
    if subject.has_batch:
        values *= 10.0 ** -np.arange(shape[0]).reshape([-1] + [1] * (len(shape) - 1))
    kind = np.dtype(subject.dtype)
    first = subject.sequence[0]
    if kind.kind == "c":
        values = values * np.exp(2j * np.pi * rng.random(shape))
    elif isinstance(first, OpLayer) and first.spec.takes == 2:
        values = np.abs(values)  # powers and magnitudes are not negative
    return values.astype(kind)


def compared(
    subject: Subject, target: Target, run: Run, check: np.ndarray | None
) -> Generator[str, None, Checked]:
    """Runs a file on all signals, one with each step.

    Raises:
        ExportError: It fails, gives another shape, or other numbers than the layer does.
    """
    errors: list[float] = []
    owns, lengths, shapes = [], [], []
    loudest, title, own = 0.0, target.title, _traced(subject)
    for x in signals(subject, check, target.any_length):
        yield f"Comparing, signal {len(errors) + 1}"
        expected = own(x)
        try:
            found = run(x if target.has_complex else stacked(x))
        except Exception as error:  # each runtime has its own
            rule = f"take {_said(x)}"
            raise ExportError(f"the file in {title}", rule, first_line(str(error))) from error
        if found.shape != expected.shape:
            rule = f"give {list(expected.shape)} for {_said(x)}, as the layer"
            raise ExportError(f"the file in {title}", rule, list(found.shape))
        if not np.array_equal(np.isfinite(found), np.isfinite(expected)):
            rule = f"be finite for {_said(x)} where the layer is"
            raise ExportError(f"the result in {title}", rule, "NaN or infinity")
        weight = _weight(subject, x)
        loudest = max(loudest, _peak(expected)) if weight is None else 1.0
        scale = (_peak(expected) or loudest or 1.0) if weight is None else 1.0
        errors.append(_distance(subject, found, expected, weight) / scale)
        owns.append(_distance(subject, own(_nudged(subject, x)), expected, weight) / scale)
        lengths.append(x.shape[subject.time])
        shapes.append(expected.shape)
    found_db, own_db = decibels(max(errors)), decibels(max(owns))
    rounding = max(_HALF.get(layer.compute_dtype, 0.0) for layer in subject.layers)
    allowed = max(ALLOWED_DB, decibels(_MARGIN * max(rounding, *owns)))
    if found_db > allowed:
        rule = f"be within {allowed:.0f} dB of the layer's"
        raise ExportError(f"the result in {title}", rule, f"{found_db:.1f} dB")
    varying = tuple(n[0] if len(set(n)) == 1 else None for n in zip(*shapes, strict=True))
    return Checked(found_db, own_db, len(errors), (min(lengths), max(lengths)), varying)


def decibels(ratio: float) -> float:
    """A ratio of amplitudes in decibels; nothing is -300 dB."""
    return float(20 * np.log10(max(ratio, 1e-15)))


def _traced(subject: Subject) -> Run:
    """The layer as one graph; a state begins anew with each signal."""
    states = [layer for layer in subject.layers if getattr(layer, "stateful", False)]
    call = subject if states else tf.function(subject, [subject.spec()], autograph=False)

    def run(x: np.ndarray) -> np.ndarray:
        for layer in states:
            layer.reset_state()
        return stacked(call(tf.constant(x)))

    return run


def _nudged(subject: Subject, x: np.ndarray) -> np.ndarray:
    """A signal as it might have been rounded beside the loudest of its row; silence stays so."""
    rng = np.random.default_rng(_SEED)
    axes = tuple(range(1 if subject.has_batch else 0, x.ndim))
    peak = np.max(np.abs(x), axis=axes, keepdims=True)
    rounding = np.finfo(x.dtype).eps * peak * rng.uniform(-1, 1, x.shape)
    return (x + rounding * (x != 0)).astype(x.dtype)


def _peak(values: np.ndarray) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 0.0


def _said(x: np.ndarray) -> str:
    return f"a signal {list(x.shape)}"


def _distance(
    subject: Subject, found: np.ndarray, expected: np.ndarray, weight: np.ndarray | None
) -> float:
    """The largest distance where both are finite; of angles round the circle."""
    apart = np.abs(np.where(np.isfinite(expected), found.astype(np.float64) - expected, 0.0))
    if weight is None:
        return float(apart.max(initial=0.0))
    last = subject.sequence[-1]
    whole = 2 * np.pi if isinstance(last, Phase) else last.values["sample_rate"]
    apart = np.minimum(apart, np.abs(whole - apart)) / whole  # round the circle
    return float((apart * weight).max(initial=0.0))


def _weight(subject: Subject, x: np.ndarray) -> np.ndarray | None:
    """How much an angle or a frequency counts: as its magnitude, where the loudest is 1."""
    *before, last = sequence_of(subject.model)
    if not isinstance(last, (Phase, InstantaneousFrequency)):
        return None
    given: Any = x
    for layer in before:
        given = layer(given)
    options = {name: last.values[name] for name in spectral.stft.spec.parameters}  # type: ignore[attr-defined]
    magnitude = np.asarray(
        spectral.spectrogram(given, power=1.0, axis=last.axis, **options), np.float64
    )
    return magnitude / (_peak(magnitude) or 1.0)
