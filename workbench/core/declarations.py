"""Parameters that several ops share, so that their range and unit are equal everywhere."""

from typing import Annotated

from workbench.params import Param

COMMON_RATES = (
    4000, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000,
)  # fmt: skip

SampleRate = Annotated[
    int,
    Param(
        "Samples per second of the signal.",
        unit="Hz",
        low=1,
        slider=COMMON_RATES,
        follows="rate",
    ),
]
Seconds = Annotated[
    float, Param("Length of the signal.", unit="s", low=0.0, open_low=True, slider=(0.1, 10.0))
]
Amplitude = Annotated[float, Param("Peak value.", low=0.0, slider=(0.0, 1.0), differentiable=True)]
_LONGEST = 2**20  # samples of a transform: 20 s at 48 kHz

FrameLength = Annotated[
    int,
    Param(
        "Length of the window.",
        unit="samples",
        low=1,
        high=_LONGEST,
        slider=(64, 4096),
        scale="log",
    ),
]
FrameStep = Annotated[
    int,
    Param("Distance between frames.", unit="samples", low=1, slider=(16, 2048), scale="log"),
]
FFTLength = Annotated[
    int,
    Param(
        "Length of the Fourier transform; the window is centred in it. None: frame_length.",
        unit="samples",
        low=1,
        high=_LONGEST,
        automatic=lambda values: values["frame_length"],
        slider=(64, 8192),
        scale="log",
    ),
]
