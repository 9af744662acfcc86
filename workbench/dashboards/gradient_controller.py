"""The dashboard of gradients: a scalar, its gradient everywhere, and descent along it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.axes import with_axes
from workbench.backpropagation import Gradients
from workbench.chain import Chain
from workbench.checked_json import Fields, anything, one_of
from workbench.dashboards.chain_controller import controlled
from workbench.dashboards.controller import Controller
from workbench.dashboards.forms import SHOWN, Group, Work, values_of
from workbench.dashboards.frames import Selection, View
from workbench.dashboards.gradient_examples import EXAMPLES, Example
from workbench.dashboards.gradient_losses import LossOverParameter
from workbench.dashboards.gradient_objective import objective_of
from workbench.dashboards.gradient_settings import SETTINGS, acts, target_of
from workbench.dashboards.panels import Panel
from workbench.dashboards.plots import descents, gradients
from workbench.dashboards.scene import Memory, Scene
from workbench.dashboards.sources import Source
from workbench.learning import Learner, Parameter
from workbench.objectives import Objective
from workbench.params import Declared, Param

_ROWS = 190
_SCALAR = ("scalar", "first_seconds", "last_seconds", "low_hertz", "high_hertz", "cell_seconds",
    "cell_hertz", "other_clip", "smoothing_seconds")  # fmt: skip
_LEARNING = ("optimizer", "step", "steps_per_second")
_MOST_STEPS = 400


class GradientController(Controller[Gradients]):
    """An excerpt of a source, a chain, a scalar of what comes out, and what lowers it.

    Attributes:
        chain: What is done to the excerpt.
        settings: What is chosen beside the chain's parameters.
        targets: Values of parameters that make the target of a distance.
        learnt: The parameters that learning moves.
        learner: What has been learnt so far; None before the first step.
        learning: Whether it is under way.
    """

    kind = "gradient"

    def __init__(self, source: Source, example: str = "find a delay"):
        self.chain = Chain([], sample_rate=source.sample_rate)
        self.settings = {name: each.default for name, each in SETTINGS.items()}
        self.learner: Learner | None = None
        self.learning = False
        self._memory = Memory()
        self._stepped: Gradients | None = None
        self._losses = LossOverParameter(self._memory)
        self._open(example)
        super().__init__(source)

    # what there is to choose

    @property
    def parameters(self) -> dict[str, Parameter]:
        """All that has a gradient, by the name that it is shown with."""
        return {
            f"{stage + 1}. {name}": (stage, name)
            for stage, layer in enumerate(self.chain.layers)
            for name, each in controlled(layer).items()
            if each.param.differentiable and acts(each, layer.values)
        }

    @property
    def groups(self) -> list[Group]:
        """The example, the scalar, the parameters of each stage, and learning."""
        declared, shown = self._shown_declared(), self._shown_values()

        def group(title: str, names: tuple[str, ...], tools: tuple[str, ...] = ()) -> Group:
            own = {name: declared[name] for name in names}
            return Group(title, SHOWN, own, shown, tools=tools)

        targets = tuple(name for name in declared if name.startswith("target "))
        learnt = tuple(name for name in declared if name.startswith("learn "))
        found = [
            group("", ("example", "start", "seconds")),
            group("Scalar", (*_SCALAR, *targets)),
        ]
        usual = self._example.usual
        for stage, layer in enumerate(self.chain.layers):
            title = f"{stage + 1}. {type(layer).__name__}"
            own = controlled(layer, usual.get(stage, ()))
            found.append(Group(title, stage, own, layer.values))
        tools = ("pause" if self.learning else "learn", "step", "restart")
        return [*found, group("Learning", (*learnt, *_LEARNING), tools)]

    @property
    def notes(self) -> Mapping[str, str]:
        """The gradient of each parameter below its stage, and how far learning has come."""
        said: dict[str, str] = {}
        for stage, layer in enumerate(self.chain.layers):
            slopes = self.result.parameters[stage]
            able = [name for at, name in self.parameters.values() if at == stage]
            texts = [f"{name} {float(slopes[name]):.3g}" for name in able if name in slopes]
            if texts:
                title = f"{stage + 1}. {type(layer).__name__}"
                said[title] = f"Gradient by {', '.join(texts)}".replace("-", "−")
        said["Scalar"] = f"It is {float(self.result.value):.4g}.".replace("-", "−")
        if self.learner is not None and self.learner.history:
            said["Learning"] = self._told(self.learner)
        return said

    def _told(self, learner: Learner) -> str:
        last = learner.history[-1]
        values = ", ".join(f"{name} {value:.6g}" for (_, name), value in last.values.items())
        state = "has converged" if learner.converged else f"step {last.number}"
        sharp = f", smoothed over {1e3 * last.smoothing_seconds:.3g} ms"
        return f"{state}: {values}{sharp if last.smoothing_seconds else ''}"

    def _shown_declared(self) -> dict[str, Declared]:
        found = dict(SETTINGS)
        for label, (stage, name) in self.parameters.items():
            target = target_of(self.chain.layers[stage].declared[name], f"target {label}")
            switch = Param("Whether learning moves it.")
            found[target.name] = target
            found[f"learn {label}"] = Declared(f"learn {label}", switch, bool, False, False)
        return found

    def _shown_values(self) -> dict[str, Any]:
        found = dict(self.settings)
        for label, parameter in self.parameters.items():
            found[f"target {label}"] = self.targets.get(parameter)
            found[f"learn {label}"] = parameter in self.learnt
        return found

    # changes

    def act(self, stage: int, tool: str) -> None:
        """Begins to "learn" or makes a "pause", does one "step", or goes back: "restart"."""
        if tool in ("learn", "pause"):
            self.learning = tool == "learn"
        elif tool == "step":
            self.step()
        elif tool == "restart":
            self.learning = False
            with self._changing():
                if self.learner is not None:
                    self.learner.restart()
                self.learner = None
        else:
            super().act(stage, tool)

    def step(self) -> bool:
        """Moves the learnt parameters once; says whether there is more to learn."""
        with self._changing():
            if self.learner is None:
                self.learner = self._new_learner()
            self.learner.step()
            self._stepped = self.learner.result
        more = not self.learner.converged and len(self.learner.history) < _MOST_STEPS
        self.learning = self.learning and more
        return more

    def work(self) -> Work | None:
        """Learning, step by step, while it is under way."""
        if not self.learning:
            return None

        def steps() -> Iterator[None]:
            while self.learning and self.step():
                yield
            self.learning = False

        def pace() -> float:
            return 1.0 / float(self.settings["steps_per_second"])

        return Work(steps(), _MOST_STEPS, "Learning", pace)

    def pause(self) -> None:
        """Learning stops where it is; it can go on from there."""
        self.learning = False

    def select(self, selection: Selection | None) -> bool:
        """Takes a region that was marked as the one whose energy is looked at."""
        if selection is None:
            return False
        low, high = selection.low, selection.high
        region = {"first_seconds": selection.first, "last_seconds": selection.last}
        self.set(SHOWN, scalar="region", low_hertz=low, high_hertz=high, **region)
        return True

    def _new_learner(self) -> Learner:
        moved = [each for each in self.parameters.values() if each in self.learnt]
        options = {"optimizer": self.settings["optimizer"], "step": self.settings["step"]}
        return Learner(self.chain, self._excerpt(), self._objective(), moved, **options)

    def _open(self, name: str) -> None:
        """Begins an example: its chain, its scalar, its targets."""
        example = EXAMPLES[name]
        self.chain.arrange(list(example.layers()))
        beside = {"example": name, "scalar": example.scalar}
        self.settings = self.settings | beside | {"smoothing_seconds": example.smoothing_seconds}
        self.targets = dict(example.targets)
        self.learnt = frozenset(example.learnt)
        self.learner, self.learning = None, False

    @property
    def _example(self) -> Example:
        return EXAMPLES[self.settings["example"]]

    def _set(self, stage: int, values: Mapping[str, Any]) -> None:
        if stage != SHOWN:
            self.chain.set(stage, **values)
            return
        example = values.get("example", self.settings["example"])
        if SETTINGS["example"].check(example) != self.settings["example"]:
            self._open(example)
        declared, known = self._shown_declared(), self.parameters
        for name, value in values.items():
            checked = declared[name].check(value)
            if name.startswith("target "):
                self.targets = {**self.targets, known[name[len("target ") :]]: checked}
            elif name.startswith("learn "):
                one = {known[name[len("learn ") :]]}
                self.learnt = self.learnt | one if checked else self.learnt - one
            else:
                self.settings = self.settings | {name: checked}
        if not set(values) <= {"steps_per_second"}:
            self.learner, self.learning = None, False

    def _take(self, described: Fields) -> None:
        shown = described.take("shown", anything)
        first = shown.get("example") if isinstance(shown, dict) else None
        self._open(one_of(tuple(EXAMPLES))("state['shown']['example']", first))
        self._set(SHOWN, values_of(self._declared(SHOWN))("state['shown']", shown))
        for stage in range(len(self.chain.layers)):
            self._set(stage, described.take(str(stage), values_of(self._declared(stage))))

    @contextlib.contextmanager
    def _restoring(self) -> Iterator[None]:
        layers, kept = self.chain.layers, dict(vars(self))
        try:
            with self.chain.restoring():
                yield
        except Exception:
            for name in ("settings", "targets", "learnt", "learner", "learning"):
                setattr(self, name, kept[name])
            self.chain.arrange(layers)
            raise

    # what comes of it

    def _excerpt(self) -> tf.Tensor:
        """The part of the chosen channel that is looked at, `[1, time]`, the same object again."""
        signal, rate = self.source.signal(), self.source.sample_rate
        row = min(self.channel, signal.shape[0] - 1)
        start, count = (round(self.settings[name] * rate) for name in ("start", "seconds"))
        start = max(0, min(start, signal.shape[1] - count))
        part = (signal, row, start, count)
        return self._memory.recall(
            "excerpt", part, lambda: signal[row : row + 1, start : start + count]
        )

    def _objective(self) -> str | Objective:
        x, rate = self._excerpt(), self.source.sample_rate
        return objective_of(self.chain, x, rate, self.settings, self.targets, self._memory)

    def _compute(self) -> Gradients:
        self.chain.sample_rate = self.source.sample_rate
        found, self._stepped = self._stepped, None
        if found is not None:
            return found
        return self.chain.gradients(self._excerpt(), self._objective(), parameters=True)

    def _time(self, result: Gradients) -> tuple[float, float]:
        return 0.0, result.outputs[0].shape[-1] / self.source.sample_rate

    def _panels(self, result: Gradients, span: tuple[float, float], view: View) -> list[Panel]:
        columns = max(view.columns, 16)
        scene = Scene(self.source.name, self.chain, result, 0, span, columns, _ROWS, self._memory)
        found = gradients.of_all(scene)
        if self.learnt:
            parameter, learnt = min(self.learnt), self.learner is not None
            given = self.chain, self._excerpt(), self._objective(), parameter
            target = self.targets.get(parameter)
            found.append(self._losses.panel(*given, target, learning=learnt))
        history = self.learner.history if self.learner is not None else ()
        if history:
            found += [descents.training(history), descents.way(history, self.targets)]
        return found

    @property
    def tracks(self) -> tuple[str, ...]:
        """The excerpt, and what the chain makes of it where that can be heard."""
        wave = len(self.chain.spaces[-1].axes) == 1
        return ("result", "original") if wave else ("original",)

    def _wave(self, track: str) -> tuple[np.ndarray, int]:
        number = len(self.chain.layers) if track == "result" else 0
        rate = self.chain.spaces[number].time.rate
        return self.result.outputs[number].numpy(), round(rate)

    def arrays(self) -> dict[str, np.ndarray]:
        """The excerpt, the result of every stage, their gradients, and what was learnt."""
        found: dict[str, np.ndarray] = {}
        names = ["signal", *(type(layer).__name__ for layer in self.chain.layers)]
        for stage, (name, space) in enumerate(zip(names, self.chain.spaces, strict=True)):
            key = f"{stage}_{name}"
            found |= with_axes(key, self.result.outputs[stage].numpy(), space.axes)
            found[f"{key}.gradient"] = self.result.stages[stage].numpy()
        if self.learner is not None:
            found["learning.loss"] = np.array([step.loss for step in self.learner.history])
        return found

    def code(self) -> str:
        """The lines of Python that compute what is shown."""
        return "\n".join(["import workbench as wb", "", self.source.code(), self.chain.code()])
