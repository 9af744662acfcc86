"""Keras layers of the ops. A layer holds parameters and calls its op; a new one is three lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import tensorflow as tf

from workbench import core
from workbench.core.cells import GRUCell, LSTMCell, SimpleCell
from workbench.core.chance import seed_of_step
from workbench.masks import valid_steps, whole_mask
from workbench.op_layer import OpLayer as OpLayer
from workbench.op_layer import layer_of as layer_of
from workbench.rate_layer import UnstableWarning as UnstableWarning
from workbench.recurrent import RateIndependent as RateIndependent
from workbench.recurrent_model import RecurrentModel as RecurrentModel


class Saturate(OpLayer):
    """Gain and soft limiting; a Keras layer."""

    function = staticmethod(core.levels.saturate)


class Normalize(OpLayer):
    """A level given to each row; a Keras layer."""

    function = staticmethod(core.levels.normalize)


class FitLength(OpLayer):
    """Rows padded or cropped to one length; a Keras layer.

    A random place stays the same from call to call, as the seed does: for new ones at every step,
    call the op with a seed of its own in the pipeline of the data.

    With `mask_padding`, as with `mask_zero` of `keras.layers.Embedding`, what it has padded is
    masked in the layers that follow, also where its inputs have no mask.
    """

    function = staticmethod(core.lengths.fit_length)
    options: ClassVar[Mapping[str, Any]] = {"axis": 1, "mask_padding": False}

    def __init__(self, *, mask_padding: bool = False, **values: Any):
        super().__init__(**values)
        self.mask_padding = mask_padding

    def mask_after(self, inputs: Any, mask: Any, tensors: Mapping[str, Any]) -> Any:
        """The mask of what `apply` makes of inputs with a mask, or None."""
        if mask is None and self.mask_padding:
            mask = whole_mask(inputs, self.axis)
        return super().mask_after(inputs, mask, tensors)

    def get_config(self) -> dict[str, Any]:
        """All parameters, where time is, and whether a mask begins here."""
        return super().get_config() | {"mask_padding": self.mask_padding}

    def _said(self) -> dict[str, Any]:
        return super()._said() | ({"mask_padding": True} if self.mask_padding else {})


class SpecAugment(OpLayer):
    """Hidden stretches of time and frequency while a model is trained; a Keras layer.

    As Keras' own layers for augmentation it does nothing unless it is called with `training=True`,
    as `fit` does. Each such call counts as a step and draws anew, the first one by the seed itself;
    the count is saved with the weights. A dashboard shows what the seed draws.
    """

    function = staticmethod(core.masking.spec_augment)

    def build(self, input_shape: Any) -> None:
        """Makes the count of steps, beside the weights of learnt parameters."""
        super().build(input_shape)
        self.step = self.add_weight(
            shape=(), initializer="zeros", dtype="int64", trainable=False, name="step"
        )

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> tf.Tensor:
        """Applies the op by the seed of this step, in training; gives back the inputs otherwise."""
        if not training:
            return inputs
        seed = seed_of_step(self._at_hand["seed"], self.step)
        self.step.assign_add(1)
        return self.apply(inputs, self._weights_of | {"seed": seed}, valid_steps(mask))


class Resample(OpLayer):
    """Another sample rate; a Keras layer."""

    function = staticmethod(core.resampling.resample)


class FractionalDelay(OpLayer):
    """A delay, whole or not; a Keras layer."""

    function = staticmethod(core.delay.fractional_delay)


class ModulatedDelay(OpLayer):
    """Comb filter, flanger, Doppler effect: a moving delay; a Keras layer."""

    function = staticmethod(core.modulation.modulated_delay)


class STFT(OpLayer):
    """Short-time Fourier transform; a Keras layer."""

    function = staticmethod(core.spectral.stft)


class InverseSTFT(OpLayer):
    """Back from a short-time Fourier transform; a Keras layer."""

    function = staticmethod(core.inversion.inverse_stft)


class GriffinLim(OpLayer):
    """Back from a magnitude alone; a Keras layer."""

    function = staticmethod(core.inversion.griffin_lim)


class Phase(OpLayer):
    """Phase over time and frequency; a Keras layer."""

    function = staticmethod(core.phase.phase)


class InstantaneousFrequency(OpLayer):
    """Frequency at which each bin turns; a Keras layer."""

    function = staticmethod(core.phase.instantaneous_frequency)


class Spectrogram(OpLayer):
    """Power or magnitude over time and frequency; a Keras layer."""

    function = staticmethod(core.spectral.spectrogram)


class MelSpectrogram(OpLayer):
    """Spectrogram in mel bands; a Keras layer."""

    function = staticmethod(core.mel.mel_spectrogram)


class LogMelSpectrogram(OpLayer):
    """Level in mel bands; a Keras layer."""

    function = staticmethod(core.mel.log_mel_spectrogram)


class Decibels(OpLayer):
    """Level of a power; a Keras layer."""

    function = staticmethod(core.levels.decibels)


class Standardize(OpLayer):
    """Features of mean 0 and variance 1; a Keras layer."""

    function = staticmethod(core.standardizing.standardize)


class MFCC(OpLayer):
    """Mel-frequency cepstral coefficients; a Keras layer."""

    function = staticmethod(core.cepstral.mfcc)


class Delta(OpLayer):
    """How fast features change; a Keras layer."""

    function = staticmethod(core.cepstral.delta)


class PCEN(OpLayer):
    """Automatic gain and compression for each band; a Keras layer."""

    function = staticmethod(core.pcen.pcen)


class RateIndependentLSTM(RateIndependent, keras.layers.LSTM):
    """`keras.layers.LSTM` at any sample rate."""

    plain = keras.layers.LSTM

    def _cell(self) -> LSTMCell:
        cell = self.cell
        return LSTMCell(cell.units, cell.activation, cell.recurrent_activation)


class RateIndependentGRU(RateIndependent, keras.layers.GRU):
    """`keras.layers.GRU` at any sample rate."""

    plain = keras.layers.GRU

    def _cell(self) -> GRUCell:
        cell = self.cell
        return GRUCell(cell.units, cell.activation, cell.recurrent_activation, cell.reset_after)


class RateIndependentSimpleRNN(RateIndependent, keras.layers.SimpleRNN):
    """`keras.layers.SimpleRNN` at any sample rate."""

    plain = keras.layers.SimpleRNN

    def _cell(self) -> SimpleCell:
        return SimpleCell(self.cell.units, self.cell.activation)
