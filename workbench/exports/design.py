"""The design that travels in a file: what the layers are, at which rate, made with what."""

from __future__ import annotations

import json
from typing import Any

import keras

from workbench.chain import Chain
from workbench.declared_layer import DeclaredLayer
from workbench.exports.subject import Subject
from workbench.versions import versions

VERSION = 1


def design_of(subject: Subject, switched: list[str]) -> str:
    """The design in one line of JSON."""
    model = subject.model
    design: dict[str, Any] = {
        "workbench_export": VERSION,
        "sample_rate": subject.rate,
        "input": {"shape": list(subject.shape), "dtype": subject.dtype, "time": subject.time},
        "versions": versions(),
        "switched": switched,
        "design": keras.saving.serialize_keras_object(model),
    }
    if isinstance(model, Chain):
        design["axes"] = [axis.label for axis in model.axes]
    if isinstance(model, (Chain, DeclaredLayer)):
        design["code"] = model.code()
    return json.dumps(design, default=str)
