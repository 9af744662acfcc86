"""The dashboard of any chain: its stages can be added, removed, moved and switched off."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import tensorflow as tf

from workbench.backpropagation import Gradients
from workbench.chain import Chain
from workbench.checked_json import Fields, listed, one_of, switch, text
from workbench.dashboards.controllers.chain import ChainController, controlled, presets_of
from workbench.dashboards.controllers.fitting import check_fit, takes, wanted
from workbench.dashboards.controllers.forms import SHOWN, Group, values_of
from workbench.dashboards.long_files.visible import Computed, with_notes
from workbench.dashboards.sources import Source
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError
from workbench.layers import OpLayer
from workbench.params import Declared, Param

_KINDS = {
    kind.__name__: kind for kind in sorted(OpLayer.__subclasses__(), key=lambda k: k.__name__)
}
_ADD = Declared(
    "add", Param("A stage to put where it fits last.", choices=tuple(_KINDS)), str, True, None
)
_SLOT = (("layer", text), ("name", text), ("on", switch))


@dataclass(frozen=True)
class Slot:
    """A place in the chain: its layer, and whether it is switched on."""

    layer: keras.layers.Layer
    on: bool = True


class ChainEditor(ChainController):
    """A source, a chain whose stages come and go, and what is shown of them.

    Stages are numbered with those that are switched off: these keep their parameters.

    Attributes:
        slots: The stages, in their order.
    """

    shares = False  # what a stage costs is shown: all of it

    def __init__(self, chain: Chain, source: Source, loss: str = "mean"):
        self.slots = tuple(Slot(layer) for layer in chain.layers)
        self._known = {layer.name: layer for layer in chain.layers}
        self._timed: set[str] = set()
        super().__init__(chain, source, loss)

    @property
    def groups(self) -> list[Group]:
        """What is shown, the parameters of each stage, and what can be added."""
        first, *_ = super().groups
        groups, given = [first], iter(self.chain.spaces)
        for stage, slot in enumerate(self.slots):
            kind = type(slot.layer).__name__
            title = f"{stage + 1}. {kind}" + ("" if slot.on else " (off)")
            values = slot.layer.values if isinstance(slot.layer, DeclaredLayer) else {}
            presets = presets_of(slot.layer, next(given).time) if slot.on else {}
            own = controlled(slot.layer)
            groups.append(Group(title, stage, own, values, presets, self._tools(stage)))
        return [*groups, Group("Add a stage", SHOWN, {"add": _ADD}, {"add": None})]

    @property
    def notes(self) -> Mapping[str, str]:
        """What comes out of each stage and what it costs, below its parameters."""
        titles = [group.title for group, slot in self._staged() if slot.on]
        computed = zip(titles, self.result.outputs[1:], self.chain.costs, strict=True)
        said = {
            title: f"{output.dtype.name} {output.shape.as_list()}, {1000 * seconds:.1f} ms"
            for title, output, seconds in computed
        }
        return with_notes(titles, self.result, said | self._gradient_note)

    def act(self, stage: int, tool: str) -> None:
        """Moves a stage "up" or "down", switches it "on" or "off", or does "remove" it.

        Raises:
            ParameterError, ParameterTypeError: What is left does not fit together.
        """
        slots = list(self.slots)
        if tool not in self._tools(stage):
            raise ParameterError("tool", f"be one of {self._tools(stage)}", repr(tool)).named("act")
        if tool in ("up", "down"):
            slots.insert(stage + (1 if tool == "down" else -1), slots.pop(stage))
        elif tool == "remove":
            del slots[stage]
        else:
            slots[stage] = replace(slots[stage], on=tool == "on")
        with self._changing():
            self._arrange(slots)

    def _staged(self) -> Iterator[tuple[Group, Slot]]:
        return zip(self.groups[1:-1], self.slots, strict=True)

    def _tools(self, stage: int) -> tuple[str, ...]:
        up = ("up",) if stage else ()
        down = ("down",) if stage < len(self.slots) - 1 else ()
        return ("off" if self.slots[stage].on else "on", *up, *down, "remove")

    def _arrange(self, slots: list[Slot]) -> None:
        layers = [slot.layer for slot in slots if slot.on]
        check_fit(layers, self.chain.sample_rate)
        self.chain.arrange(layers)
        self.slots = tuple(slots)

    def _compute(self) -> Computed:
        found = super()._compute()
        self._tell_rates()
        return found

    def _tell_rates(self) -> None:
        """Tells stages that are switched off the rate at their place: they are shown and saved."""
        given, *following = self.chain.spaces
        for layer, on in ((slot.layer, slot.on) for slot in self.slots):
            if on:
                given = following.pop(0)
            elif isinstance(layer, DeclaredLayer):
                fits = isinstance(layer, OpLayer) and takes(type(layer), given)
                with contextlib.suppress(ParameterError):  # another rate, which a person has given
                    layer.follow(given if fits else self.chain.spaces[0])

    def _set(self, stage: int, values: Mapping[str, Any]) -> None:
        if stage == SHOWN:
            shown = dict(values)
            kind = _ADD.check(shown.pop("add", None))
            super()._set(SHOWN, shown)
            if kind is not None:
                self._add(_KINDS[kind])
        elif self.slots[stage].on:
            self.chain.set(sum(slot.on for slot in self.slots[:stage]), **values)
        else:
            self.slots[stage].layer.set(**values)

    def _add(self, kind: type[OpLayer]) -> None:
        """Puts a layer with its defaults behind the last stage that gives what it takes."""
        fitting = [n for n, space in enumerate(self.chain.spaces) if takes(kind, space)]
        if not fitting:
            rule = f"be given {wanted(kind)}"
            raise ParameterError(kind.__name__, rule, "no stage that gives it").named("chain")
        places = [stage for stage, slot in enumerate(self.slots) if slot.on]
        at = places[fitting[-1] - 1] + 1 if fitting[-1] else 0
        name = self._new_name(kind)
        layer = self._known[name] = kind(name=name, **needed(kind))
        self._arrange([*self.slots[:at], Slot(layer), *self.slots[at:]])

    def _new_name(self, kind: type[OpLayer]) -> str:
        """A name that no stage has had: Keras counts anew in every thread."""
        numbered = (f"{kind.spec.name}_{number}" for number in itertools.count(1))
        return next(name for name in numbered if name not in self._known)

    def _run(self, x: tf.Tensor) -> Gradients:
        if self.chain.layers:
            found = super()._run(x)
            self._time_again(found)
            return found
        outputs = self.chain.run(x)
        return Gradients(outputs[0], outputs, (), ())

    def _time_again(self, found: Gradients) -> None:
        """What a stage costs is shown as that of a later call; with gradients the last is long."""
        last = len(self.chain.layers) - bool(found.stages)
        for stage, layer in enumerate(self.chain.layers[:last]):
            if layer.name not in self._timed:
                self.chain.time_again(stage, found.outputs[stage])
                self._timed.add(layer.name)

    @contextlib.contextmanager
    def _restoring(self) -> Iterator[None]:
        slots = self.slots
        try:
            with contextlib.ExitStack() as stack:
                for slot in slots:
                    if isinstance(slot.layer, DeclaredLayer):
                        stack.enter_context(slot.layer.restoring())
                stack.enter_context(super()._restoring())
                yield
        except BaseException:  # also an interrupt
            self._arrange(list(slots))
            raise

    # state: which stages there are is part of it

    def _described(self) -> dict[str, Any]:
        found = {"shown": {"gradient_of": self.loss or None}}
        return found | {"layers": [_slot_state(slot) for slot in self.slots]}

    def _take(self, described: Fields) -> None:
        self._set(SHOWN, described.take("shown", values_of(self._declared(SHOWN))))
        states = described.take("layers", listed)
        slots = [self._slot(f"state['layers'][{n}]", each) for n, each in enumerate(states)]
        self.chain.arrange([])
        self.chain.sample_rate = self.source.sample_rate
        self._arrange(slots)

    def _slot(self, name: str, state: Any) -> Slot:
        """A stage as its state says it: the same layer, if there was one of that name."""
        fields = Fields(name, state)
        kind, called, on = (fields.take(*each) for each in _SLOT)
        layer = self._known.get(called)
        if layer is None or type(layer).__name__ != kind:
            made = _KINDS[one_of(tuple(_KINDS))(f"{name}['layer']", kind)]
            layer = self._known[called] = made(name=called, **needed(made))
        values = fields.take("values", values_of(controlled(layer)))
        fields.close()
        if values:
            layer.set(**values)
        return Slot(layer, on)


def needed(kind: type[OpLayer]) -> dict[str, Any]:
    """What a layer of this kind must be told, where its declaration says what to begin with."""
    declared = kind.spec.parameters.items()
    return {name: each.param.start for name, each in declared if each.param.start is not None}


def _slot_state(slot: Slot) -> dict[str, Any]:
    own = {name: slot.layer.values[name] for name in controlled(slot.layer)}
    kind = type(slot.layer).__name__
    return {"layer": kind, "name": slot.layer.name, "on": slot.on, "values": own}
