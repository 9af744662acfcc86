"""`.keras`: the layers themselves, for Python with this package."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from workbench.exports.subject import Subject
from workbench.exports.target import Run, Target, stacked


class KerasFile(Target):
    """Keras' own file: configuration and weights, nothing that is run."""

    format, title, suffix = "keras", "a Keras file", ".keras"
    purpose = "Python with this package"
    has_state = has_compiled_loops = by_tensorflow = True

    def write(self, subject: Subject, design: str, path: Path) -> None:
        """Saves the model; a layer alone as a sequence of one."""
        model = subject.model
        if not isinstance(model, keras.Model):
            tensor = keras.Input(batch_shape=subject.shape, dtype=subject.dtype)
            model = keras.Model(tensor, subject.model(tensor))
        model.save(path)

    def load(self, path: Path) -> Run:
        """Loads it without running anything that it might hold."""
        model = keras.models.load_model(path, compile=False, safe_mode=True)
        states = [one for one in model._flatten_layers() if getattr(one, "stateful", False)]
        call = tf.function(lambda x: model(x, training=False), autograph=False)

        def run(x: np.ndarray) -> np.ndarray:
            for layer in states:
                layer.reset_state()
            return stacked(model(x, training=False) if states else call(tf.constant(x)))

        return run

    def ops(self, path: Path) -> Counter[str]:
        """The classes of its layers."""
        model = keras.models.load_model(path, compile=False, safe_mode=True)
        return Counter(type(layer).__name__ for layer in model.layers)

    def design(self, path: Path) -> str | None:
        """The configuration, which is all that the design says."""
        with zipfile.ZipFile(path) as archive:
            return json.dumps({"design": json.loads(archive.read("config.json"))})
