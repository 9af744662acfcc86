"""Which rates: the two of a change, or their ratio; and how long the result is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.core.declarations import COMMON_RATES
from workbench.errors import ParameterError, ParameterTypeError
from workbench.params import Param
from workbench.tensors import as_type, is_tensor

_SCALE = "Scale both rates, e.g. 11025 -> 88200 for 5512.5 -> 44100."
_HIGHEST = 2**31 - 1
_LOWEST_RATIO, _HIGHEST_RATIO = 2.0**-8, 2.0**16
OrigRate = Annotated[
    int,
    Param(
        "Samples per second of the signal.",
        unit="Hz",
        low=1,
        high=_HIGHEST,
        slider=COMMON_RATES,
        follows="rate",
        remedy=_SCALE,
    ),
]
TargetRate = Annotated[
    int,
    Param(
        "Samples per second of the result.",
        unit="Hz",
        low=1,
        high=_HIGHEST,
        slider=COMMON_RATES,
        start=16000,
        remedy=_SCALE,
    ),
]
Ratio = Annotated[
    float,
    Param(
        "Samples out for each sample in, in place of the two rates. None: target_rate / orig_rate.",
        low=_LOWEST_RATIO,
        high=_HIGHEST_RATIO,
        slider=(0.5, 2.0),
        scale="log",
        differentiable=True,
        slope_only=("kind", ("sinc", "linear", "average")),
        detail=True,
    ),
]
_MILLIONTH = 1e-6


def ratio_of(values: Mapping[str, Any]) -> Any:
    """The ratio that was given in place of the rates, or None."""
    ratio, target = values["ratio"], values["target_rate"]
    if ratio is None:
        return None
    if target is not None:
        got = f"{target} and {'a tensor' if is_tensor(ratio) else ratio}"
        raise ParameterError(("target_rate", "ratio"), "not be given together", got)
    known = tf.get_static_value(tf.convert_to_tensor(ratio)) if is_tensor(ratio) else ratio
    if known is not None and not _LOWEST_RATIO <= known <= _HIGHEST_RATIO:
        rule = f"be a finite number, at least {_LOWEST_RATIO:g} and at most {_HIGHEST_RATIO:g}"
        raise ParameterError("ratio", rule, known)
    return ratio


def rates_of(values: Mapping[str, Any]) -> tuple[int, int]:
    """The two rates, without their common factor."""
    for name in ("orig_rate", "target_rate"):
        if values[name] is None:
            raise ParameterTypeError(name, "be given, or ratio in place of both rates", "nothing")
    common = math.gcd(values["orig_rate"], values["target_rate"])
    return values["orig_rate"] // common, values["target_rate"] // common


def resampled_length(length: Any, values: Mapping[str, Any]) -> Any:
    """Samples after resampling: `ceil(length * target / orig)`, in whole numbers throughout."""
    ratio = ratio_of(values)
    return (
        whole_length(length, *rates_of(values)) if ratio is None else scaled_length(length, ratio)
    )


def whole_length(length: Any, orig: int, target: int) -> Any:
    """`ceil(length * target / orig)`."""
    if isinstance(length, int):
        return -(-length * target // orig)
    narrow = length.dtype == tf.int32 and orig * target < 2**31
    kind = tf.int32 if narrow else tf.int64  # LiteRT divides no wider ones
    whole, rest = tf.cast(length, kind) // orig, tf.cast(length, kind) % orig
    return tf.cast(whole * target - (-rest * target // orig), length.dtype)


def scaled_length(length: Any, ratio: Any) -> Any:
    """`ceil(length * ratio)`; what the rounding of the ratio's type adds is no sample."""
    if isinstance(length, int) and not is_tensor(ratio):
        return math.ceil(length * ratio - _MILLIONTH)
    exact = tf.cast(length, tf.float64) * as_type(ratio, tf.float64)
    rounding = np.finfo(tf.as_dtype(ratio.dtype).as_numpy_dtype).eps if is_tensor(ratio) else 0.0
    made = tf.math.ceil(exact - tf.maximum(tf.constant(_MILLIONTH, tf.float64), exact * rounding))
    return tf.cast(made, getattr(length, "dtype", tf.int32))
