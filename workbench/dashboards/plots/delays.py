"""Plots of a fractional delay: its filter, and how far it is from the ideal."""

from __future__ import annotations

import numpy as np

from workbench.analysis.delay_errors import (
    clean_band,
    delay_coefficients,
    delay_error,
    delay_gain,
    delay_taps,
    envelope_delay,
    phase_delay_error,
)
from workbench.analysis.responses import magnitude_response, zeros_and_poles
from workbench.dashboards.panels import LinesPanel
from workbench.dashboards.scene import Plot, Scene
from workbench.dashboards.views import limits_around, lines_panel
from workbench.dashboards.zplane_panel import ZPlane, ZPlanePanel

_ERRORS, _GAINS = (-140.0, 10.0), (-12.0, 2.0)  # dB
_COMB, _AHEAD = 4096, 64  # samples of a comb's response, and those before the impulse
_MOST_TAPS = 40  # that can be told apart, and whose zeros are shown


def taps(stage: int) -> Plot:
    """What the delay makes of an impulse."""

    def draw(scene: Scene) -> LinesPanel:
        curves = delay_taps(scene.values(stage))
        count = curves.data.shape[1]
        limits = limits_around(np.append(curves.data, 0.0))  # a weight is read against none
        if count > _MOST_TAPS:
            return lines_panel("Impulse response", curves, limits, half=True)
        first = curves.axis.start
        span = first - 0.5, first + count - 0.5
        return lines_panel(
            "Impulse response", curves, limits, styles=("stem",), span=span, half=True
        )

    return Plot("impulse_response", "What the delay makes of a single sample.", draw)


def gain(stage: int) -> Plot:
    """Gain over frequency: an ideal delay has 0 dB everywhere."""

    def draw(scene: Scene) -> LinesPanel:
        return lines_panel("Magnitude", delay_gain(scene.values(stage)), _GAINS, half=True)

    return Plot("magnitude", "What frequencies lose.", draw)


def lateness(stage: int) -> Plot:
    """How much later than wanted each frequency comes."""

    def draw(scene: Scene) -> LinesPanel:
        curves = phase_delay_error(scene.values(stage))
        low, high = limits_around(curves.data)
        room = max(0.01, -low, high)
        return lines_panel("Error of the phase delay", curves, (-room, room), half=True)

    return Plot("phase_delay", "How many samples too late each frequency comes.", draw)


def error(stage: int) -> Plot:
    """The level of all that is wrong, over frequency."""

    def draw(scene: Scene) -> LinesPanel:
        values = scene.values(stage)
        band = clean_band(values)
        where = f"up to {band:.3g} of Nyquist" if band else "nowhere"
        title = f"Error: worst −60 dB {where}"
        return lines_panel(title, delay_error(values), _ERRORS, half=True)

    return Plot("error", "How far the delay is from an ideal one.", draw)


def group(stage: int) -> Plot:
    """How much later the energy of each frequency comes."""

    def draw(scene: Scene) -> LinesPanel:
        curves = envelope_delay(scene.values(stage))
        below = curves.data[:, : round(0.95 * curves.data.shape[1])]  # what nearly stops comes late
        styles = "solid", "reference"
        return lines_panel("Group delay", curves, limits_around(below), styles=styles, half=True)

    return Plot("group_delay", "How much later the energy of each frequency comes.", draw, False)


def comb(stage: int) -> Plot:
    """Gain of a signal mixed with its delayed copy: notches where the two cancel."""

    def draw(scene: Scene) -> LinesPanel:
        values, rate = dict(scene.values(stage)), scene.space(stage).time.rate
        values["motion"] = "still"
        impulse = np.zeros((1, _COMB), np.float64)
        impulse[0, _AHEAD] = 1.0
        kind = type(scene.chain.layers[stage])
        taps = scene.memory.recall(
            "comb", tuple(values.items()), lambda: kind.function(impulse, **values).numpy()[0]
        )
        curves = magnitude_response(taps, rate=rate, points=_COMB // 2 + 1, floor_db=-80.0)
        still = scene.values(stage)["motion"] == "still"
        title = "Gain of the mix" if still else "Gain of the mix, were it at rest"
        return lines_panel(title, curves, (-40.0, 10.0), half=True)

    return Plot("comb", "What a mix with a delayed copy lets through.", draw)


def poles(stage: int) -> Plot:
    """Poles and zeros of the filter, where they are few enough to see."""

    def draw(scene: Scene) -> ZPlanePanel | None:
        b, a = delay_coefficients(scene.values(stage))
        if max(np.size(b), np.size(a)) > _MOST_TAPS:
            return None
        found = zeros_and_poles(b, a)
        plane = ZPlane("", {name: found[name] for name in ("poles", "zeros")})
        rate = scene.space(stage).time.rate
        return ZPlanePanel("Poles and zeros", (plane,), sample_rate=rate, bounded=("poles",))

    return Plot("poles_and_zeros", "Where the filter's poles and zeros lie.", draw, False)
