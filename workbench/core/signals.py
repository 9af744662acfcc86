"""Test signals, each from a closed form, so that its gradient is exact too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.axes import Space, waveform_space
from workbench.core.chance import normal
from workbench.core.declarations import Amplitude, SampleRate, Seconds
from workbench.errors import ParameterError
from workbench.ops import op
from workbench.params import Param
from workbench.tensors import as_type

Frequency = Annotated[
    float,
    Param(
        "Frequency.", unit="Hz", low=0.0, slider=(20.0, 8000.0), scale="log", differentiable=True
    ),
]
Phase = Annotated[float, Param("Phase at time 0.", unit="radians", slider=(-np.pi, np.pi),
                               differentiable=True)]  # fmt: skip
Sweep = Annotated[
    str, Param("How the frequency rises: by equal steps or by equal ratios.",
               choices=("linear", "exponential")),
]  # fmt: skip
Delay = Annotated[float, Param("When it happens.", unit="s", low=0.0, slider=(0.0, 1.0))]
Colour = Annotated[
    str, Param("Power over frequency: flat, or falling by 3 or 6 dB an octave.",
               choices=("white", "pink", "brown")),
]  # fmt: skip
Seed = Annotated[int, Param("The same seed gives the same noise.", low=0, slider=(0, 100))]
Position = Annotated[
    float,
    Param("Where the string is plucked, as a part of its length.", low=0.01, high=0.99,
          slider=(0.05, 0.5), differentiable=True),
]  # fmt: skip
Decay = Annotated[
    float,
    Param("Time in which the fundamental falls by 60 dB.", unit="s", low=0.0, open_low=True,
          slider=(0.1, 8.0), scale="log", differentiable=True),
]  # fmt: skip
SirenRate = Annotated[
    float,
    Param("Swings per second.", unit="Hz", low=0.0, slider=(0.1, 5.0), differentiable=True),
]


_MANY_HARMONICS = 200


def _source_space(given: Space, values: Mapping[str, Any]) -> Space:
    return waveform_space(values["sample_rate"])


def sample_count(sample_rate: int, seconds: float) -> int:
    """Samples in so many seconds, at least one."""
    return max(1, round(sample_rate * seconds))


def _times(sample_rate: int, seconds: float) -> tf.Tensor:
    """Sample times in s, float64: a phase of many cycles needs the digits."""
    return tf.range(sample_count(sample_rate, seconds), dtype=tf.float64) / sample_rate


def _double(value: Any) -> tf.Tensor:
    return as_type(value, tf.float64)


def _single(signal: tf.Tensor, amplitude: Any) -> tf.Tensor:
    return tf.cast(_double(amplitude) * signal, tf.float32)


@op(takes=0, space=_source_space)
def tone(
    *,
    sample_rate: SampleRate,
    seconds: Seconds = 1.0,
    frequency_hertz: Frequency = 440.0,
    phase: Phase = 0.0,
    amplitude: Amplitude = 0.5,
) -> tf.Tensor:
    """A cosine.

    Returns:
        float32 `[time]`.

    Source: Oppenheim & Schafer, "Discrete-Time Signal Processing", section 2.1.

    >>> tone(sample_rate=4, seconds=1.0, frequency_hertz=1.0).numpy().round(6).tolist()
    [0.5, 0.0, -0.5, -0.0]
    """
    turns = _double(frequency_hertz) * _times(sample_rate, seconds)
    return _single(tf.cos(2 * np.pi * turns + _double(phase)), amplitude)


@op(takes=0, space=_source_space)
def chirp(
    *,
    sample_rate: SampleRate,
    seconds: Seconds = 1.0,
    start_hertz: Frequency = 50.0,
    stop_hertz: Frequency = 8000.0,
    sweep: Sweep = "linear",
    amplitude: Amplitude = 0.5,
) -> tf.Tensor:
    """A tone whose frequency moves from one value to another.

    Returns:
        float32 `[time]`.

    Raises:
        ParameterError: An exponential sweep touches 0 Hz.

    Source: for the exponential sweep, Farina, "Simultaneous measurement of impulse response and
    distortion with a swept-sine technique", AES Convention 108, 2000.

    >>> chirp(sample_rate=8000, seconds=0.5).shape
    TensorShape([4000])
    """
    time, start, stop = _times(sample_rate, seconds), _double(start_hertz), _double(stop_hertz)
    if sweep == "linear":
        turns = start * time + (stop - start) * time**2 / (2 * seconds)
    else:
        plain = [hertz for hertz in (start_hertz, stop_hertz) if not tf.is_tensor(hertz)]
        if 0 in plain:
            got = f"{start_hertz} and {stop_hertz}"
            rule = "be above 0 Hz for an exponential sweep"
            raise ParameterError(("start_hertz", "stop_hertz"), rule, got)
        # integral of start * exp(r t); expm1(r t) / r stays exact as r goes to 0
        rise = tf.math.log(stop / start) / seconds
        safe = tf.where(tf.abs(rise) < 1e-9, tf.constant(1.0, tf.float64), rise)
        grown = tf.math.expm1(safe * time) / safe
        turns = start * tf.where(tf.abs(rise) < 1e-9, time, grown)
    return _single(tf.sin(2 * np.pi * turns), amplitude)


@op(takes=0, space=_source_space)
def impulse(
    *,
    sample_rate: SampleRate,
    seconds: Seconds = 1.0,
    delay_seconds: Delay = 0.0,
    amplitude: Amplitude = 1.0,
) -> tf.Tensor:
    """One sample that is not 0.

    Returns:
        float32 `[time]`.

    Raises:
        ParameterError: The impulse lies beyond the end.

    Source: Oppenheim & Schafer, "Discrete-Time Signal Processing", section 2.1.

    >>> impulse(sample_rate=4, seconds=1.0, delay_seconds=0.5).numpy().tolist()
    [0.0, 0.0, 1.0, 0.0]
    """
    count, place = sample_count(sample_rate, seconds), round(delay_seconds * sample_rate)
    if place >= count:
        got = f"{delay_seconds:g} and {seconds:g}"
        raise ParameterError(("delay_seconds", "seconds"), "leave room for the impulse", got)
    return _single(tf.one_hot(place, count, dtype=tf.float64), amplitude)


@op(takes=0, space=_source_space)
def noise(
    *,
    sample_rate: SampleRate,
    seconds: Seconds = 1.0,
    colour: Colour = "white",
    seed: Seed = 0,
    amplitude: Amplitude = 0.25,
) -> tf.Tensor:
    """Gaussian noise; `amplitude` is its root mean square.

    Coloured noise is white noise whose spectrum is divided by f^(1/2) (pink) or f (brown).

    Returns:
        float32 `[time]`.

    Source: Timmer & König, "On generating power law noise", Astronomy and Astrophysics 300, 1995.

    >>> noise(sample_rate=8000).shape
    TensorShape([8000])
    """
    count = sample_count(sample_rate, seconds)
    white = normal([seed, 0], [count], tf.float64)
    exponent = {"white": 0.0, "pink": 0.5, "brown": 1.0}[colour]
    if exponent and count > 1:
        shape = np.maximum(np.arange(count // 2 + 1), 1.0) ** -exponent
        shape[0] = 0.0
        coloured = tf.signal.irfft(tf.signal.rfft(white) * tf.cast(shape, tf.complex128), [count])
        white = coloured / tf.sqrt(tf.reduce_mean(tf.square(coloured)))
    return _single(white, amplitude)


@op(takes=0, space=_source_space)
def plucked_string(
    *,
    sample_rate: SampleRate,
    seconds: Seconds = 2.0,
    frequency_hertz: Frequency = 220.0,
    position: Position = 0.2,
    decay_seconds: Decay = 2.0,
    amplitude: Amplitude = 0.5,
) -> tf.Tensor:
    """An ideal string, plucked at one point: decaying harmonics.

    Harmonic n has the amplitude `sin(n pi position) / n^2` and decays n times as fast as the
    fundamental; `amplitude` is the peak at the pluck. Harmonics at or above half the sample rate
    are left out; at most 200 are summed.

    Returns:
        float32 `[time]`.

    Source: Fletcher & Rossing, "The Physics of Musical Instruments", section 2.7.

    >>> plucked_string(sample_rate=8000, seconds=0.5).shape
    TensorShape([4000])
    """
    time, frequency = _times(sample_rate, seconds), _double(frequency_hertz)
    count = _MANY_HARMONICS
    if not tf.is_tensor(frequency_hertz) and frequency_hertz > 0:
        count = min(count, int(sample_rate / 2 / frequency_hertz))
    harmonics = np.arange(1.0, count + 1)
    heard = tf.cast(harmonics * frequency < sample_rate / 2, tf.float64)
    place = _double(position)
    weights = heard * tf.sin(harmonics * np.pi * place) / harmonics**2
    weights /= np.pi**2 / 2 * place * (1 - place)  # the peak of all harmonics together
    # harmonic n is z^n with z = exp((i 2 pi f - rate) t): a polynomial in z, by Horner's rule
    swing = 2 * np.pi * frequency * time
    fall = np.log(1000.0) / _double(decay_seconds) * time
    z = tf.complex(tf.exp(-fall) * tf.cos(swing), tf.exp(-fall) * tf.sin(swing))
    total = tf.zeros_like(z)
    for weight in reversed(tf.unstack(tf.cast(weights, tf.complex128))):
        total = (total + weight) * z
    return _single(tf.math.imag(total), amplitude)


@op(takes=0, space=_source_space)
def siren(
    *,
    sample_rate: SampleRate,
    seconds: Seconds = 4.0,
    low_hertz: Frequency = 500.0,
    high_hertz: Frequency = 1500.0,
    rate_hertz: SirenRate = 0.5,
    amplitude: Amplitude = 0.5,
) -> tf.Tensor:
    """A tone whose frequency swings between two values: it starts low.

    Returns:
        float32 `[time]`.

    Source: Chowning, "The synthesis of complex audio spectra by means of frequency modulation",
    Journal of the Audio Engineering Society 21(7), 1973.

    >>> siren(sample_rate=8000, seconds=0.5).shape
    TensorShape([4000])
    """
    time, low, high = _times(sample_rate, seconds), _double(low_hertz), _double(high_hertz)
    swing = 2 * np.pi * _double(rate_hertz)
    # the integral of (low + high) / 2 - (high - low) / 2 cos(swing t)
    still = tf.equal(swing, 0.0)
    moved = tf.sin(swing * time) / tf.where(still, tf.ones_like(swing), swing)
    turns = (low + high) / 2 * time - (high - low) / 2 * tf.where(still, time, moved)
    return _single(tf.sin(2 * np.pi * turns), amplitude)
