"""The dashboard of gradients: a scalar, its gradient everywhere, and descent along it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from typing import Any, cast

import numpy as np
import tensorflow as tf

from workbench.axes import with_axes
from workbench.backpropagation import Gradients
from workbench.chain import Chain
from workbench.checked_json import Fields, anything, one_of
from workbench.dashboards.controllers.forms import SHOWN, Group, Work, values_of
from workbench.dashboards.controllers.gradient.code import code_of
from workbench.dashboards.controllers.gradient.examples import EXAMPLES
from workbench.dashboards.controllers.gradient.form import Form, title_of
from workbench.dashboards.controllers.gradient.losses import LossOverParameter
from workbench.dashboards.controllers.gradient.notes import of_learning, of_scalar, of_stage
from workbench.dashboards.controllers.gradient.objective import lines_of, objective_of, placed
from workbench.dashboards.controllers.gradient.settings import SETTINGS
from workbench.dashboards.controllers.with_chain import WithChain
from workbench.dashboards.frames import Selection, View
from workbench.dashboards.panels import Panel
from workbench.dashboards.plots import descents, gradients
from workbench.dashboards.scene import Memory, Scene
from workbench.dashboards.sources import Source
from workbench.errors import ParameterError
from workbench.learning.learner import Learner, Parameter
from workbench.objectives import Objective

_MOST_STEPS = 400
_REGION = ("first_seconds", "last_seconds", "low_hertz", "high_hertz")
_KEPT = ("settings", "targets", "learnt", "learner", "learning")


class GradientController(WithChain[Gradients]):
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
        self.source, self.channel = source, 0
        self._open(example, source.sample_rate)
        self._place({})
        super().__init__(source)

    # what there is to choose

    @property
    def _form(self) -> Form:
        chosen = self.settings, self.targets, self.learnt, self.learning
        return Form(self.chain, *chosen, EXAMPLES[self.settings["example"]].usual)

    @property
    def groups(self) -> list[Group]:
        """The example, the scalar, the parameters of each stage, and learning."""
        return self._form.groups

    @property
    def notes(self) -> Mapping[str, str]:
        """The gradient of each parameter below its stage, and how far learning has come."""
        said = {"Scalar": of_scalar(self.settings["scalar"], float(self.result.value))}
        for stage, layer in enumerate(self.chain.layers):
            slopes = self.result.parameters[stage]
            able = [name for at, name in self._form.parameters.values() if at == stage]
            known = {name: float(slopes[name]) for name in able if name in slopes}
            if known:
                said[title_of(stage, layer)] = of_stage(stage, layer, known, self.learnt)
        if self.learner is not None and self.learner.history:
            said["Learning"] = of_learning(self.learner, going=self.learning)
        return said

    # changes

    def act(self, stage: int, tool: str) -> None:
        """Begins to "learn" or makes a "pause", does one "step", or goes back: "restart"."""
        if tool == "learn":
            self._begin()
            self.learning = True
        elif tool in ("pause", "step"):
            getattr(self, tool)()
        elif tool == "restart":
            with self._changing():
                if self.learner is not None:
                    self.learner.restart()
                self._forget()
        else:
            super().act(stage, tool)

    def step(self) -> bool:
        """Moves the learnt parameters once; says whether there is more to learn."""
        with self._changing():
            learner = self._begin()
            learner.step()
            self._stepped = learner.result
        more = not learner.converged and len(learner.history) < _MOST_STEPS
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

        return Work(steps(), None, "Learning", pace)

    def pause(self) -> None:
        """Learning stops where it is; it can go on from there."""
        self.learning = False
        self.look(self.view)

    def select(self, selection: Selection | None) -> bool:
        """Takes a region that was marked as the one whose energy is looked at."""
        if selection is not None:
            _, *ends = astuple(selection)
            self.set(SHOWN, scalar="region", **dict(zip(_REGION, ends, strict=True)))
        return selection is not None

    def change_source(self, source: Source) -> None:
        """Takes another source, from its beginning where it is too short for the excerpt."""
        with self._changing():
            self.source = source
            self.channel = min(self.channel, source.signal().shape[0] - 1)
            if self.settings["start"] >= self.seconds:
                self.settings = self.settings | {"start": 0.0}
            self._place({})

    def _moving(self) -> list[Parameter]:
        """The parameters that learning moves, in the order of the chain."""
        return [each for each in self._form.parameters.values() if each in self.learnt]

    def _begin(self) -> Learner:
        """What learns; a new one where there is none."""
        if self.learner is None:
            if not (moved := self._moving()):
                raise ParameterError("learn", "be on for a parameter", "none").named("Learning")
            given = self.chain, self._excerpt(), self._objective(), moved
            self.learner = Learner(*given, **self._options)
        return self.learner

    def _forget(self) -> None:
        """Nothing has been learnt, and nothing is."""
        self.learner, self.learning = None, False

    def _open(self, name: str, rate: int) -> None:
        """Begins an example: its chain, its scalar, its targets."""
        example = EXAMPLES[name]
        self.chain.arrange([])
        self.chain.sample_rate = rate
        self.chain.arrange(list(example.layers()))
        beside = {"example": name, "scalar": example.scalar}
        self.settings = self.settings | beside | {"smoothing_seconds": example.smoothing_seconds}
        self.targets = dict(example.targets)
        self.learnt = frozenset(example.learnt)
        self._forget()

    def _place(self, values: Mapping[str, Any]) -> None:
        """Moves what the scalar looks at into the excerpt, but for values set by hand."""
        self.settings = placed(self.settings, values, self._excerpt(), self.source.sample_rate)

    def _set(self, stage: int, values: Mapping[str, Any]) -> None:
        if stage != SHOWN:
            self.chain.set(stage, **values)
            self.learner = None  # what has been learnt began elsewhere; it goes on from here
            return
        example = values.get("example", self.settings["example"])
        if SETTINGS["example"].check(example) != self.settings["example"]:
            self._open(example, self.source.sample_rate)
        form = self._form
        declared, known = form.declared, form.parameters
        for name, value in values.items():
            checked = declared[name].check(value)
            if name.startswith("target "):
                self.targets = {**self.targets, known[name[len("target ") :]]: checked}
            elif name.startswith("learn "):
                one = {known[name[len("learn ") :]]}
                self.learnt = self.learnt | one if checked else self.learnt - one
            else:
                self.settings = self.settings | {name: checked}
        self._place(values)
        if not set(values) <= {"steps_per_second"}:
            self._forget()

    def _take(self, described: Fields) -> None:
        shown = described.take("shown", anything)
        first = shown.get("example") if isinstance(shown, dict) else None
        example = one_of(tuple(EXAMPLES))("state['shown']['example']", first)
        self._open(example, self.source.sample_rate)
        for stage in range(len(self.chain.layers)):
            self._set(stage, described.take(str(stage), values_of(self._declared(stage))))
        self._set(SHOWN, values_of(self._declared(SHOWN))("state['shown']", shown))

    @contextlib.contextmanager
    def _restoring(self) -> Iterator[None]:
        layers, kept = self.chain.layers, dict(vars(self))
        try:
            learner = self.learner.restoring() if self.learner else contextlib.nullcontext()
            with self.chain.restoring(), learner:
                yield
        except BaseException:  # also an interrupt
            for name in _KEPT:
                setattr(self, name, kept[name])
            self.chain.arrange(layers)
            raise

    # what comes of it

    def _excerpt(self) -> tf.Tensor:
        """The part of the chosen channel that is looked at, `[1, time]`, the same object again."""
        signal, part = self.source.signal(), self._part
        row, *ends = part
        cut = slice(row, row + 1), slice(*ends)
        return self._memory.recall("excerpt", (signal, *part), lambda: signal[cut])

    @property
    def _part(self) -> tuple[int, int, int]:
        """The channel of the excerpt, its first sample and its end."""
        count, rate = self.source.signal().shape[-1], self.source.sample_rate
        start, length = (round(self.settings[name] * rate) for name in ("start", "seconds"))
        if start and start >= count:
            rule = f"be before the end of the signal, at {self.seconds:g} s"
            raise ParameterError("start", rule, self.settings["start"]).named("excerpt")
        return self.channel, start, min(start + length, count)

    @property
    def _options(self) -> dict[str, Any]:
        """How a step follows from the gradient."""
        return {name: self.settings[name] for name in ("optimizer", "step")}

    def _objective(self) -> str | Objective:
        """What is looked at: learning makes a distance sharper by and by."""
        if self.learner is not None:
            return cast("str | Objective", self.learner.objective)
        x, rate = self._excerpt(), self.source.sample_rate
        return objective_of(self.chain, x, rate, self.settings, self.targets, self._memory)

    def _compute(self) -> Gradients:
        self.chain.sample_rate = self.source.sample_rate
        x = self._excerpt()
        if self.learner is not None and self.learner.x is not x:
            self._forget()  # it was of another signal
        found, self._stepped = self._stepped, None
        return found or self.chain.gradients(x, self._objective(), parameters=True)

    def _time(self, result: Gradients) -> tuple[float, float]:
        return 0.0, result.outputs[0].shape[-1] / self.source.sample_rate

    def _panels(self, result: Gradients, span: tuple[float, float], view: View) -> list[Panel]:
        size = view.columns, view.rows
        scene = Scene(self.source.name, self.chain, result, 0, span, *size, self._memory)
        found = gradients.of_all(scene, lambda number: self.looking.of(number, view.band))
        if moving := self._moving():
            parameter = moving[0]
            given = self.chain, self._excerpt(), self._objective(), parameter
            target = self.targets.get(parameter)
            found.append(self._losses.panel(*given, target, learning=self.learner is not None))
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
        """The lines of Python that compute what is shown, and learn as it was learnt."""
        space, rate = self.chain.spaces[-1], self.source.sample_rate
        objective = lines_of(self._excerpt(), rate, space, self.settings, self.targets)
        return code_of(
            *(self.source, self._part, self.chain, objective),
            *(self._moving(), self._options, self.learner),
        )
