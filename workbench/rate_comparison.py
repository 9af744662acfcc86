"""What another rate does to a recurrent model: naive and corrected, against the model's own sound.

The reference is the model's output at the rate at which it was trained, resampled. All that differs
from it is the error of running at another rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.axes import Axis
from workbench.core.recurrence import Interpolation, Order, state_delay
from workbench.core.state_delays import design_state_delay
from workbench.errors import ParameterError, naming
from workbench.excerpts import LEAD, TONE_SECONDS, Excerpt, cut, led_tone, resampled, whole
from workbench.measurements import LEVEL_RATE, alias_level, levels, signal_to_error, spectra
from workbench.params import Param, read_parameters
from workbench.rate_poles import Poles, has_order, method_name, order_name, poles_by_order, poles_of
from workbench.recurrent_model import RecurrentModel
from workbench.specification import Declaration
from workbench.stopping import may_stop

TargetRate = Annotated[
    int,
    Param(
        "Samples per second at which the model runs.",
        unit="Hz",
        low=1,
        slider=(16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000),
    ),
]
Gain = Annotated[
    float,
    Param("Gain of the sound before the model.", unit="dB", low=-80, high=80, slider=(-24, 24)),
]
Start = Annotated[float, Param("Where the excerpt begins.", unit="s", low=0.0, slider=(0.0, 5.0))]
Seconds = Annotated[
    float, Param("Length of the excerpt.", unit="s", low=0.05, high=10.0, slider=(0.2, 3.0))
]
ToneFrequency = Annotated[
    float,
    Param(
        "Frequency of the tone whose aliases are shown.",
        unit="Hz",
        low=100.0,
        slider=(200.0, 8000.0),
        scale="log",
    ),
]
ToneLevel = Annotated[
    float, Param("Its level below full scale.", unit="dB", low=-100, high=40, slider=(-40, 12))
]

_FRAME_SECONDS = 0.09
_TONE_WINDOW = "kaiser", 14.0  # its beta: side lobes at -107 dB
_HARMONIC_BINS = 7  # to either side that belong to a harmonic, under that window


@dataclass(frozen=True)
class RateComparison:
    """A model at another rate: the reference, the naive output and the corrected one.

    Rows are in the order of `names`; levels are in dB of full scale.

    Attributes:
        sample_rate: At which all this is, in Hz.
        names: Of the three outputs; the last says the interpolation.
        time: The time axis of `given` and `waves`: its start is that of the excerpt.
        given: What went in, `[time]`.
        waves: What came out, `[3, time]`.
        signal_to_error: Of the naive and the corrected output, in dB.
        level_time: The time axis of `levels`.
        levels: Level of the reference and of the two errors, over 10 ms, `[3, steps]`.
        frequency: The axis of `spectra`.
        spectra: Of the three outputs and the two errors, averaged over the excerpt, `[5, bins]`.
        tone_frequency: The axis of `tone_spectra`.
        tone_spectra: The response to a tone, `[3, bins]`; what is no harmonic is an alias.
        alias_levels: All aliases together, relative to all harmonics, in dB.
        poles: Those of each order, by name: in silence, and at the least stable constant input.
        chosen: The name among them of the interpolation in use.
        notes: What else there is to say: what "auto" chose and why, what is unstable.
    """

    sample_rate: int
    names: tuple[str, str, str]
    time: Axis
    given: np.ndarray
    waves: np.ndarray
    signal_to_error: tuple[float, float]
    level_time: Axis
    levels: np.ndarray
    frequency: Axis
    spectra: np.ndarray
    tone_frequency: Axis
    tone_spectra: np.ndarray
    alias_levels: tuple[float, ...]
    poles: Poles
    chosen: str
    notes: tuple[str, ...]


class RateComparer:
    """Runs a model at another rate, naively and corrected, and compares.

    It leaves the model as it is, and computes only what depends on what has changed.

    Args:
        model: A model of one channel.

    Raises:
        ParameterError: The model takes more than one channel.

    >>> import workbench as wb
    >>> comparer = wb.RateComparer(wb.read_model("diode_clipper"))
    >>> x = wb.plucked_string(sample_rate=44100, seconds=0.3, frequency_hertz=196.0)
    >>> made = comparer.compare(x, 44100, seconds=0.2)
    >>> made.names, made.signal_to_error[1] > made.signal_to_error[0] + 20
    (('reference', 'naive', 'cubic'), True)
    """

    def __init__(self, model: RecurrentModel):
        self.model = model
        self._known: dict[str, tuple[Any, Any]] = {}
        self._weights: list[np.ndarray] = []
        self._options: tuple[float, ...] = ()
        if model.channels not in (1, None):
            rule = "take one channel"
            raise ParameterError("model", rule, model.channels).named("RateComparer")
        if not all(layer.built for layer in model.layers):
            model.build((None, None, 1))

    def compare(
        self,
        signal: Any,
        signal_rate: int,
        *,
        sample_rate: TargetRate = 48000,
        interpolation: Interpolation = "cubic",
        order: Order = 3,
        gain_db: Gain = 0.0,
        start: Start = 0.0,
        seconds: Seconds = 1.0,
        tone_hertz: ToneFrequency = 1245.0,
        tone_db: ToneLevel = -6.0,
    ) -> RateComparison:
        """Compares on an excerpt of a sound and on a tone.

        Args:
            signal: `[time]`.
            signal_rate: Its samples per second, in Hz.
            sample_rate: Samples per second at which the model runs.
            interpolation: How its state is read, as for `RateIndependentLSTM`.
            order: Of "lagrange" and "minimax".
            gain_db: Gain of the sound before the model.
            start: Where the excerpt begins, in seconds.
            seconds: Its length.
            tone_hertz: Frequency of the tone.
            tone_db: Its level.

        Raises:
            ParameterError: A value is illegal, the excerpt lies beyond the sound, or the model
                cannot run at this rate or gives more than one channel.
        """
        model = {"sample_rate": sample_rate, "interpolation": interpolation, "order": order}
        part = {"gain_db": gain_db, "start": start, "seconds": seconds}
        values = SPEC.check(model | part | {"tone_hertz": tone_hertz, "tone_db": tone_db})
        with naming(SPEC.name):
            self._forget_old_model()
            gain = np.float32(10 ** (values["gain_db"] / 20))
            excerpt = cut(signal, signal_rate, values["start"], values["seconds"])
            self._check(values)
        rate, read = values["sample_rate"], values["interpolation"]
        method = read, values["order"] if has_order(read) else 1
        given, waves = self._sounds(excerpt, gain, rate, method)
        errors = waves[1:] - waves[0]
        tones = self._tones(values, method)
        delay_poles, chosen = self._poles(rate, method)
        frame = min(whole(_FRAME_SECONDS, rate), waves.shape[1])
        tone_frame = tones.shape[1]
        tone_spectra = spectra(tones, tone_frame, *_TONE_WINDOW)
        bins = Axis("frequency", "Hz", 0.0, rate / tone_frame)
        harmonics = bins.step, values["tone_hertz"], _HARMONIC_BINS
        alias_levels = [alias_level(each, *harmonics) for each in tone_spectra]
        begin = excerpt.first + whole(LEAD, rate) / rate
        return RateComparison(
            sample_rate=rate,
            names=("reference", "naive", self._name(rate, method)),
            time=Axis("time", "s", begin, 1 / rate),
            given=given,
            waves=waves,
            signal_to_error=(
                signal_to_error(waves[0], waves[1]),
                signal_to_error(waves[0], waves[2]),
            ),
            level_time=Axis("time", "s", begin + 0.5 / LEVEL_RATE, 1 / LEVEL_RATE),
            levels=levels(np.stack([waves[0], *errors]), rate),
            frequency=Axis("frequency", "Hz", 0.0, rate / frame),
            spectra=spectra(np.concatenate([waves, errors]), frame, "hann"),
            tone_frequency=bins,
            tone_spectra=tone_spectra,
            alias_levels=tuple(alias_levels),
            poles=delay_poles,
            chosen=chosen,
            notes=self._notes(rate, method),
        )

    @property
    def training_rate(self) -> float:
        """Samples per second at which the model was trained."""
        return self.model.training_rate

    # what is computed once

    def _once(self, name: str, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` makes of these things; the last result is kept."""
        if name not in self._known or self._known[name][0] != key:
            may_stop()
            self._known[name] = (key, make())
        return self._known[name][1]

    def _forget_old_model(self) -> None:
        """Keeps nothing that was computed with other weights, at another rate, other gains."""
        model = self.model
        weights = model.get_weights()
        options = model.training_rate, model.skip, model.in_gain_db, model.out_gain_db
        same = len(weights) == len(self._weights) and options == self._options
        if not same or not all(map(np.array_equal, weights, self._weights)):
            self._known.clear()
            self._weights, self._options = weights, options

    def _sounds(
        self, excerpt: Excerpt, gain: np.float32, rate: int, method: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """What goes in, and the three outputs, without what leads in and out."""
        once, own = self._once, self.training_rate
        sound = gain, excerpt
        x = once("sound", sound, lambda: resampled(gain * excerpt.signal, excerpt.rate, own))
        base = once("base", sound, lambda: self._run(x, own))
        key = (sound, rate)
        given = once("given", key, lambda: resampled(x, own, rate))
        reference = once("reference", key, lambda: resampled(base, own, rate))
        naive = once("naive", key, lambda: self._run(given, rate))
        corrected = once("corrected", (key, method), lambda: self._run(given, rate, *method))
        first, count = whole(LEAD, rate), whole(excerpt.count / excerpt.rate, rate)
        parts = [each[first : first + count] for each in (given, reference, naive, corrected)]
        return parts[0], np.stack(parts[1:])

    def _tones(self, values: Mapping[str, Any], method: Any) -> np.ndarray:
        """The three responses to a tone, without its ends."""
        rate, key = values["sample_rate"], (values["tone_hertz"], values["tone_db"])
        once, own = self._once, self.training_rate
        base = once("tone base", key, lambda: self._run(led_tone(own, *key), own))
        at_rate = (key, rate)
        reference = once("tone reference", at_rate, lambda: resampled(base, own, rate))
        x = once("tone", at_rate, lambda: led_tone(rate, *key))
        naive = once("naive tone", at_rate, lambda: self._run(x, rate))
        corrected = once("corrected tone", (at_rate, method), lambda: self._run(x, rate, *method))
        first, count = whole(LEAD, rate), whole(TONE_SECONDS, rate)
        return np.stack([each[first : first + count] for each in (reference, naive, corrected)])

    def _run(
        self, x: np.ndarray, rate: float, interpolation: str = "naive", order: int = 1
    ) -> np.ndarray:
        """The model's output at a rate, from a state of zeros."""
        values = {"sample_rate": rate, "interpolation": interpolation, "order": order}
        made = self.model.apply(tf.constant(x)[tf.newaxis], values)
        if made.shape.rank == 3:  # more than the one channel that went in
            raise ParameterError("model", "give one channel", made.shape[2]).named(SPEC.name)
        return made[0].numpy().astype(np.float32)

    # what is said of the interpolation

    def _check(self, values: Mapping[str, Any]) -> None:
        rate, own = values["sample_rate"], self.training_rate
        order, read = values["order"], values["interpolation"]
        known = "naive" if read == "auto" else read
        state_delay(training_rate=own, sample_rate=rate, interpolation=known, order=order)
        limit = min(rate, own) / 2
        if values["tone_hertz"] >= limit:
            rule = f"be below half of both rates, {limit:g} Hz"
            raise ParameterError("tone_hertz", rule, values["tone_hertz"])

    def _name(self, rate: int, method: tuple[str, int]) -> str:
        if method[0] == "auto":
            choices = [layer.choice_at(rate) for layer in self.model.recurrent]
            named = ", ".join(method_name(c.interpolation, c.order) for c in choices)
            return f"auto ({named})"
        return "corrected (naive)" if method[0] == "naive" else method_name(*method)

    def _notes(self, rate: int, method: tuple[str, int]) -> tuple[str, ...]:
        interpolation, order = method
        if interpolation == "auto":
            return tuple(layer.choice_at(rate).why for layer in self.model.recurrent)
        values = {"sample_rate": rate, "interpolation": interpolation, "order": order}
        said = [layer.instability(**values) for layer in self.model.recurrent]
        return tuple(filter(None, said))

    def _poles(self, rate: int, method: tuple[str, int]) -> tuple[Poles, str]:
        """The poles of naive, of every Lagrange order and of what else is chosen; its name."""
        layers, ratio = self.model.recurrent, rate / self.training_rate
        found = self._once("poles", rate, lambda: poles_by_order(layers, ratio))
        if method[0] == "auto":
            choice = layers[0].choice_at(rate)
            method = choice.interpolation, choice.order
        name = order_name(*method)
        if name in found:
            return found, name
        return found | {name: poles_of(layers, design_state_delay(ratio, *method))}, name


SPEC = Declaration("compare", read_parameters(RateComparer.compare))
