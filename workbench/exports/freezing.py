"""A layer as one graph of constants, which is what other runtimes are given."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from workbench.exports.subject import Subject


def frozen(subject: Subject, spec: tf.TensorSpec) -> Any:
    """The function of a layer for signals of a form, its weights constants in it."""
    function = tf.function(subject, input_signature=[spec], autograph=False)
    concrete = function.get_concrete_function()
    return convert_variables_to_constants_v2(concrete, lower_control_flow=False)
