"""Every layer of ours, and what an export is checked with: a new layer is covered at once."""

import keras
import numpy as np

import workbench as wb
from tests.models import keras_model, written
from tests.ops import LAYERED, needed
from workbench.layers import RateIndependent, layer_of
from workbench.recurrent import RateIndependent as Recurrent

TARGETS = {
    "keras": "made.keras",
    "saved_model": "made",
    "litert": "made.tflite",
    "onnx": "made.onnx",
    "stablehlo": "made.mlir",
}
SHORT = {"frame_length": 128, "frame_step": 48, "num_mel_bins": 20}  # conversion time, file size
RATES = {"training_rate": 44100, "sample_rate": 48000}
# What can't be held, and the words that say why; all else must work.
REFUSED = {
    ("GriffinLim", "litert"): "first phases are drawn by a seed",
    ("GriffinLim", "onnx"): "first phases are drawn by a seed",
    ("ModulatedDelay", "litert"): "a moving delay is computed in double precision",
}
OPS = {layer_of(op).__name__: op for op in LAYERED}
RECURRENT = {layer.__name__: layer for layer in Recurrent.__subclasses__()}
LAYERS = [*OPS, *RECURRENT, "RecurrentModel"]
assert RateIndependent is Recurrent


def layer_named(name, folder):
    """A layer with what it needs, and a signal to check it with (None: what the export takes)."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(2)
    if name in RECURRENT:
        options = RATES | {"return_sequences": True, "interpolation": "lagrange", "order": 1}
        check = (0.3 * rng.standard_normal((1, 300, 2))).astype(np.float32)
        return RECURRENT[name](4, **options), check
    if name == "RecurrentModel":
        path = written(keras_model("gru", units=4, in_skip=1), folder)
        check = (0.3 * rng.standard_normal((1, 300))).astype(np.float32)
        return wb.read_model(path, sample_rate=48000, interpolation="linear"), check
    op = OPS[name]
    short = {key: value for key, value in SHORT.items() if key in op.parameters}
    layer = layer_of(op)(**(needed(op) | short))
    if op.takes == 1:
        return layer, (0.3 * rng.standard_normal((1, 1500))).astype(np.float32)
    if "frame_length" in op.parameters:  # its number of bins says what it takes
        return layer, None
    return layer, np.abs(rng.standard_normal((1, 70, 12))).astype(np.float32)


def front_end():
    """Resample, log-mel, MFCC's relatives and a small convolutional net, as issue 6 has it."""
    keras.utils.set_random_seed(3)
    return wb.Chain(
        [
            wb.layers.Resample(target_rate=8000),
            wb.layers.MFCC(num_mfccs=13, **SHORT),
            keras.layers.Reshape((-1, 13, 1)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(5, activation="softmax"),
        ],
        sample_rate=16000,
    )
