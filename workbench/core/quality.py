"""How good a band-limited conversion is: the parameters of its low-pass filter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import tensorflow as tf

from workbench.core.sinc import Response, Triangle, design_low_pass
from workbench.params import Param

# Attenuation in dB and end of the pass band. The best is deeper than the rounding of the type, so
# that the type sets the quality; the fast one is that of a good 16-bit converter.
_QUALITIES = {
    "best": {tf.float32: (140.0, 0.91), tf.float64: (180.0, 0.91)},
    "fast": {tf.float32: (96.0, 0.85), tf.float64: (96.0, 0.85)},
}

Quality = Annotated[
    str,
    Param("How long the windowed sinc is, unless told below.", choices=("best", "fast")),
]
Attenuation = Annotated[
    float,
    Param(
        "How far aliases and images lie below the signal. None: as quality says.",
        unit="dB",
        low=20.0,
        high=200.0,
        slider=(20.0, 180.0),
        automatic=lambda values: _QUALITIES[values["quality"]][tf.float32][0],
    ),
]
PassBand = Annotated[
    float,
    Param(
        "End of the pass band, as a part of the lower Nyquist frequency. None: as quality says.",
        low=0.1,
        high=0.99,
        slider=(0.5, 0.98),
        automatic=lambda values: _QUALITIES[values["quality"]][tf.float32][1],
    ),
]


def low_pass_of(values: Mapping[str, Any], dtype: tf.DType, nyquist: float) -> Response:
    """The low-pass filter that the parameters of quality ask for."""
    if values["kind"] == "linear":
        return Triangle()
    usual = _QUALITIES[values["quality"]][dtype]
    attenuation_db = values["attenuation_db"]
    pass_band = values["pass_band"]
    return design_low_pass(
        nyquist,
        usual[1] if pass_band is None else pass_band,
        usual[0] if attenuation_db is None else attenuation_db,
    )
