"""What can be chosen in the dashboard of gradients, beside the parameters of its chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from workbench import clips
from workbench.dashboards.controllers.gradient.examples import EXAMPLES
from workbench.learning.descent import RULES
from workbench.params import Declared, Param, read_parameters

_REGION = ("scalar", ("region",))
_CELL = ("scalar", ("one cell",))
_DISTANCE = ("scalar", ("target", "other clip"))
Seconds = Annotated[
    float, Param("Where in the excerpt.", unit="s", low=0.0, high=3600.0, slider=(0.0, 2.0))
]


def _settings(
    *,
    example: Annotated[
        str, Param("A chain, and what is looked for in it.", choices=tuple(EXAMPLES))
    ] = "find a delay",
    start: Annotated[
        float,
        Param("Where the excerpt begins.", unit="s", low=0.0, high=86400.0, slider=(0.0, 10.0)),
    ] = 0.0,
    seconds: Annotated[
        float,
        Param("Length of the excerpt.", unit="s", low=0.05, high=10.0, slider=(0.1, 2.0)),
    ] = 1.0,
    scalar: Annotated[
        str,
        Param(
            "The scalar whose gradient is shown: the distance to what other parameters or another "
            "clip give, the energy of a region, one cell, or a figure of all of the result.",
            choices=("target", "other clip", "region", "one cell", "mean", "energy"),
        ),
    ] = "target",
    first_seconds: Annotated[
        float,
        Param(
            "Begin of the region, which can also be dragged.",
            unit="s",
            low=0.0,
            high=3600.0,
            slider=(0.0, 2.0),
            only=_REGION,
        ),
    ] = 0.3,
    last_seconds: Annotated[
        float,
        Param(
            "End of the region.",
            unit="s",
            low=0.0,
            high=3600.0,
            slider=(0.0, 2.0),
            only=_REGION,
        ),
    ] = 0.6,
    low_hertz: Annotated[
        float,
        Param(
            "Lowest frequency of the region.",
            unit="Hz",
            low=0.0,
            high=1e6,
            slider=(0.0, 8000.0),
            only=_REGION,
        ),
    ]
    | None = 2000.0,
    high_hertz: Annotated[
        float,
        Param(
            "Highest frequency of the region.",
            unit="Hz",
            low=0.0,
            high=1e6,
            slider=(0.0, 8000.0),
            only=_REGION,
        ),
    ]
    | None = 4000.0,
    cell_seconds: Annotated[
        float,
        Param("Time of the cell.", unit="s", low=0.0, high=3600.0, slider=(0.0, 2.0), only=_CELL),
    ] = 0.5,
    cell_hertz: Annotated[
        float,
        Param(
            "Frequency of the cell.",
            unit="Hz",
            low=0.0,
            high=1e6,
            slider=(0.0, 8000.0),
            only=_CELL,
        ),
    ]
    | None = 1000.0,
    other_clip: Annotated[
        str,
        Param(
            "The clip whose result is the target.",
            choices=tuple(clips.clips()),
            only=("scalar", ("other clip",)),
        ),
    ] = "siren",
    smoothing_seconds: Annotated[
        float,
        Param(
            "Both are smoothed over time before they are compared; learning halves it by and by.",
            unit="s",
            low=0.0,
            high=1.0,
            slider=(0.0, 0.01),
            only=_DISTANCE,
        ),
    ] = 0.001,
    optimizer: Annotated[
        str, Param("How a step follows from the gradient.", choices=tuple(RULES))
    ] = "sign descent",
    step: Annotated[
        float,
        Param(
            "Length of the first step, as a part of the slider.",
            low=0.0,
            high=1.0,
            open_low=True,
            slider=(1e-4, 0.1),
            scale="log",
        ),
    ] = 0.002,
    steps_per_second: Annotated[
        float,
        Param("How fast it learns, at most.", low=0.1, high=1000.0, slider=(1, 60), scale="log"),
    ] = 20.0,
) -> None:
    """Settings."""


SETTINGS = read_parameters(_settings)


def target_of(declared: Declared, name: str) -> Declared:
    """The value of a parameter in the target; None where it is the present one."""
    param = replace(
        declared.param,
        doc=f"{declared.param.doc} In the target; None: as it is.",
        only=("scalar", ("target",)),
        automatic=None,
        detail=False,
    )
    return replace(declared, name=name, param=param, optional=True, default=None)


def acts(declared: Declared, values: Mapping[str, Any]) -> bool:
    """Whether a parameter makes a difference, given all of them."""
    only = declared.param.only
    return only is None or values[only[0]] in only[1]
