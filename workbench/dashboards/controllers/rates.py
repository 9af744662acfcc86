"""The dashboard of recurrent layers: naive and corrected against the model's own sound."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.axes import Axis, Space, with_axes
from workbench.checked_json import Fields, one_of
from workbench.dashboards.controllers.controller import Controller
from workbench.dashboards.controllers.forms import Group
from workbench.dashboards.frames import View
from workbench.dashboards.panels import LinesPanel, Panel, WavePanel
from workbench.dashboards.sources import Source
from workbench.dashboards.views import level_limits, wave_panel
from workbench.dashboards.zplane_panel import ZPlane, ZPlanePanel
from workbench.rate_comparison import SPEC, RateComparer, RateComparison
from workbench.recurrent_model import RecurrentModel

_RATE = "Model at another rate"
_GROUPS = {
    _RATE: ("sample_rate", "interpolation", "order"),
    "Excerpt": ("start", "seconds", "gain_db"),
    "Tone": ("tone_hertz", "tone_db"),
}
_OF_MODEL = _GROUPS[_RATE]
_LEVELS_DB, _SPECTRUM_DB, _TONE_DB = 120.0, 160.0, 120.0  # shown below the largest


class RateController(Controller[RateComparison]):
    """A source, a recurrent model, and what another rate does to it.

    Attributes:
        comparer: What computes; the model itself stays as it is.
        settings: The parameters of the comparison.
    """

    kind = "recurrent"

    def __init__(self, model: RecurrentModel, source: Source):
        self.comparer = RateComparer(model)
        given = {name: value for name, value in model.given.items() if name in SPEC.parameters}
        self.settings = SPEC.check(given)
        super().__init__(source)

    @property
    def groups(self) -> list[Group]:
        """The parameters of the comparison."""
        return [
            Group(title, 0, {name: SPEC.parameters[name] for name in names}, self.settings)
            for title, names in _GROUPS.items()
        ]

    @property
    def notes(self) -> Mapping[str, str]:
        """What "auto" has chosen and why, and what is predicted unstable."""
        return {_RATE: " ".join(self.result.notes)}

    def _set(self, stage: int, values: Mapping[str, Any]) -> None:
        self.settings = SPEC.check({**self.settings, **values})

    def _described(self) -> dict[str, Any]:
        return super()._described() | {"model": self.comparer.model.file}

    def _take(self, described: Fields) -> None:
        described.take("model", one_of((self.comparer.model.file,)), None)
        super()._take(described)

    @contextlib.contextmanager
    def _restoring(self) -> Iterator[None]:
        settings = self.settings
        try:
            yield
        except BaseException:  # also an interrupt
            self.settings = settings
            raise

    def _compute(self) -> RateComparison:
        x = self.source.signal()[self.channel].numpy()
        return self.comparer.compare(x, self.source.sample_rate, **self.settings)

    def _time(self, result: RateComparison) -> tuple[float, float]:
        start = result.time.start
        return start, start + result.waves.shape[1] * result.time.step

    def _panels(self, result: RateComparison, span: tuple[float, float], view: View) -> list[Panel]:
        rate = f"{result.sample_rate / 1000:g} kHz"
        title = f"Output at {rate}"
        waves = wave_panel(
            title, result.waves, Space((result.time,)), span, view.columns, names=result.names
        )
        names = [f"error of {name}" for name in result.names[1:]]
        return [
            replace(waves, height=150),
            self._levels(result, span, view.columns, names),
            _spectrum(
                f"Spectrum at {rate}",
                result.frequency,
                result.spectra,
                _SPECTRUM_DB,
                (*result.names, *names),
                styles=("solid",) * 3 + ("dashed",) * 2,
                logarithmic=True,
                span=(20.0, result.sample_rate / 2),
            ),
            _spectrum(
                f"Tone of {self.settings['tone_hertz']:g} Hz: aliases relative to its harmonics",
                result.tone_frequency,
                result.tone_spectra,
                _TONE_DB,
                _with_levels(result.names, result.alias_levels),
            ),
            ZPlanePanel(
                f"Poles at {rate}: naive, and Lagrange interpolation by order",
                tuple(
                    ZPlane(name, points, chosen=name == result.chosen)
                    for name, points in result.poles.items()
                ),
                sample_rate=result.sample_rate,
            ),
        ]

    def _levels(
        self, result: RateComparison, span: tuple[float, float], columns: int, names: list[str]
    ) -> WavePanel:
        """Level of the reference, and of what is wrong, over time."""
        said = ", ".join(_with_levels(result.names[1:], result.signal_to_error))
        return wave_panel(
            f"Signal to error: {said}",
            result.levels,
            Space((result.level_time,), "level", "dB", 0.0),
            span,
            columns,
            names=("reference", *names),
            limits=level_limits(result.levels, _LEVELS_DB),
        )

    @property
    def tracks(self) -> tuple[str, ...]:
        """The outputs over the excerpt that is shown, and what goes in."""
        return "corrected", "naive", "reference", "input"

    def _wave(self, track: str) -> tuple[np.ndarray, int]:
        reference, naive, corrected = self.result.waves
        waves = {"corrected": corrected, "naive": naive, "reference": reference}
        return waves.get(track, self.result.given)[None], self.result.sample_rate

    @property
    def layer(self) -> RecurrentModel:
        """The corrected model: a copy at the rate and with the interpolation that are chosen."""
        return self.comparer.model.at(**{name: self.settings[name] for name in _OF_MODEL})

    def arrays(self) -> dict[str, np.ndarray]:
        """The outputs, what is wrong with them, the spectra and the poles."""
        shown = self.result
        return {
            "names": np.array(shown.names),
            **with_axes("waves", shown.waves, [shown.time]),
            **with_axes("given", shown.given, [shown.time]),
            **with_axes("levels", shown.levels, [shown.level_time]),
            **with_axes("spectra", shown.spectra, [shown.frequency]),
            **with_axes("tone_spectra", shown.tone_spectra, [shown.tone_frequency]),
            **{
                f"poles.{order}.{group}".replace(" ", "_"): points
                for order, groups in shown.poles.items()
                for group, points in groups.items()
            },
        }

    def code(self) -> str:
        """The lines of Python that compute what is shown."""
        x = f"x[{self.channel}], {self.source.sample_rate}"
        said = {n: v for n, v in self.settings.items() if v != SPEC.parameters[n].default}
        arguments = "".join(f", {name}={value!r}" for name, value in said.items())
        lines = ["import workbench as wb", "", self.source.code(), *_code_of(self.comparer.model)]
        lines += [
            "comparer = wb.RateComparer(model)",
            f"compared = comparer.compare({x}{arguments})",
        ]
        return "\n".join(lines)


def _code_of(model: RecurrentModel) -> list[str]:
    """The line that reads a model; there is none for one that came from no file."""
    if not model.file:
        return ["# model: the one that was given"]
    return [f"model = wb.read_model({model.file!r}, training_rate={model.training_rate})"]


def _spectrum(
    title: str,
    axis: Axis,
    data: np.ndarray,
    range_db: float,
    names: tuple[str, ...],
    **options: Any,
) -> LinesPanel:
    limits = level_limits(data, range_db)
    return LinesPanel(title, "level", "dB", *limits, axis, data, names, **options)


def _with_levels(names: tuple[str, ...], levels: tuple[float, ...]) -> tuple[str, ...]:
    """Names with a figure each; what has no error has none."""
    return tuple(
        f"{name} {level:.1f} dB".replace("-", "−") if math.isfinite(level) else f"{name} exact"
        for name, level in zip(names, levels, strict=True)
    )
