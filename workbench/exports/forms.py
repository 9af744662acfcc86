"""The form in which a target can hold a layer: refused before anything is written, or switched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from workbench.core.fourier import transform_parts
from workbench.core.inversion import inverse_stft_of_parts
from workbench.core.spectral import tapered_frames
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ExportError
from workbench.exports.subject import Subject
from workbench.layers import (
    STFT,
    FitLength,
    FractionalDelay,
    GriffinLim,
    InverseSTFT,
    ModulatedDelay,
    Resample,
)
from workbench.op_layer import OpLayer
from workbench.recurrent import RateIndependent
from workbench.tensors import time_back, time_last

if TYPE_CHECKING:
    from workbench.exports.target import Target


def form_for(subject: Subject, target: Target) -> Subject:
    """A copy of what is exported, in the form that a target can hold.

    Raises:
        ExportError: The target can't hold a layer.
    """
    for layer in subject.layers:
        for why, remedy in _refusals(layer, subject, target):
            rule = f"be one that {target.title} can hold"
            got = f"{type(layer).__name__}: {why}"
            raise ExportError(f"layer {layer.name!r}", rule, got, remedy)
    made = subject.copy()
    for layer in made.layers:
        made.switched += _switched(layer, target)
    if tf.as_dtype(made.dtype).is_complex and not target.has_complex:
        made.shape = (*made.shape, 2)
        made.dtype = tf.as_dtype(made.dtype).real_dtype.name
    return made


def _refusals(
    layer: keras.layers.Layer, subject: Subject, target: Target
) -> Iterator[tuple[str, str]]:
    """Why a target can't hold a layer, and what to do instead."""
    name = target.title
    values: dict[str, Any] = dict(layer.values) if isinstance(layer, DeclaredLayer) else {}
    if getattr(layer, "stateful", False) and not target.has_state:
        yield f"it keeps its state from call to call, {name} keeps nothing", "Take stateful=False."
    if not target.has_doubles:
        if layer.compute_dtype == "float64":
            yield f"it computes in double precision, which {name} lacks", "Take dtype='float32'."
        if isinstance(layer, ModulatedDelay) and values["motion"] != "still":
            why = "a moving delay is computed in double precision"
            yield f"{why}, which {name} lacks", "Export to ONNX, StableHLO or a SavedModel."
        if isinstance(layer, Resample) and (why := _in_doubles(values)):
            yield f"{why} counts time in double precision, which {name} lacks", _SINC
    if not target.has_random:
        if isinstance(layer, GriffinLim):
            yield f"its first phases are drawn by a seed, which {name} can't do alike", _ELSEWHERE
        if isinstance(layer, FitLength) and "random" in (values["keep"], values["place"]):
            yield f"places drawn by a seed, which {name} can't do alike", "Take another place."
    if not target.has_complex:
        yield from _complex_refusals(layer, values, subject, name)


_ELSEWHERE = "Export to StableHLO or a SavedModel."
_SINC = "Take kind 'sinc' and two rates with a common factor."


def _in_doubles(values: dict[str, Any]) -> str:
    if values["ratio"] is not None:
        return "a ratio"
    return f"kind {values['kind']!r}" if values["kind"] in ("nearest", "average") else ""


def _complex_refusals(
    layer: keras.layers.Layer, values: dict[str, Any], subject: Subject, name: str
) -> Iterator[tuple[str, str]]:
    if isinstance(layer, (FractionalDelay, Resample)) and values["kind"] == "fft":
        why = "kind 'fft' transforms a signal of any length at once"
        yield f"{why}, and {name} has no such transform", "Take kind 'sinc'."
    row = subject.sequence
    if isinstance(layer, STFT) and layer in row[:-1]:
        after = row[row.index(layer) + 1]
        if not isinstance(after, InverseSTFT):
            why = f"layer {after.name!r} takes its complex numbers"
            yield f"{why}, which {name} lacks", "Take Spectrogram, or end with the STFT."


def _switched(layer: keras.layers.Layer, target: Target) -> Iterator[str]:
    """Brings a layer into the form for a target; says what was changed."""
    if isinstance(layer, DeclaredLayer) and layer.learn and not target.has_state:
        yield f"{layer.name}: {', '.join(layer.learn)} as learnt, a number"
        layer.fix()
    if isinstance(layer, RateIndependent) and not target.has_compiled_loops:
        layer.compiled = False
        yield f"{layer.name}: an ordinary loop in place of a compiled one"
    if target.has_complex or not isinstance(layer, OpLayer):
        return
    if layer.values.get("impl") == "fft":
        layer.set(impl="dft")
        yield f"{layer.name}: impl='dft' in place of 'fft'"
    if isinstance(layer, (STFT, InverseSTFT)):
        paired = _paired_stft if isinstance(layer, STFT) else _paired_inverse_stft
        layer.apply = paired(layer)  # type: ignore[method-assign]
        yield f"{layer.name}: complex numbers as a last axis of real and imaginary part"


def _paired_stft(layer: STFT) -> Any:
    """`layer.apply`, with a last axis of real and imaginary part in place of complex numbers."""

    def apply(inputs: tf.Tensor, tensors: Any, lengths: Any = None) -> tf.Tensor:
        values = {**layer.values, **tensors}
        signal = tf.cast(inputs, layer.compute_dtype)
        grid, frames = tapered_frames(time_last(signal, layer.axis, 1), lengths, values)
        parts = transform_parts(frames, grid, values["impl"])
        return tf.stack([time_back(part, signal, layer.axis, 1) for part in parts], -1)

    return apply


def _paired_inverse_stft(layer: InverseSTFT) -> Any:
    """`layer.apply`, of a last axis of real and imaginary part in place of complex numbers."""

    def apply(inputs: tf.Tensor, tensors: Any, lengths: Any = None) -> tf.Tensor:
        values = {**layer.values, **tensors}
        parts = tf.unstack(inputs, axis=-1)
        real, imaginary = (time_last(part, layer.axis, 2) for part in parts)
        made = inverse_stft_of_parts(real, imaginary, **values)
        return time_back(made, parts[0], layer.axis, 2)

    return apply
