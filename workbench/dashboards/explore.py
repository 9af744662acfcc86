"""`explore`: one call from an op, a layer or a chain to a live dashboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from workbench import layers
from workbench.chain import Chain
from workbench.dashboards.controllers.chain_editor import ChainEditor, needed
from workbench.dashboards.controllers.rates import RateController
from workbench.dashboards.dashboard import Dashboard
from workbench.dashboards.ideas import IDEAS
from workbench.dashboards.sources import source_of
from workbench.errors import ParameterError, ParameterTypeError
from workbench.objectives import LOSSES
from workbench.ops import registry, spec
from workbench.recurrent_model import RecurrentModel


def explore(what: Any, audio: Any = None, *, gradient: str = "mean") -> Dashboard:
    """A live dashboard of an op, a layer or a chain on a signal, or of an idea by its name.

    Args:
        what: A `Chain`, a layer or a list of layers, an op such as `wb.log_mel_spectrogram`, or
            the name of one. A `RecurrentModel`, or "recurrent" for the one that comes along, shows
            what another sample rate does to it (in a list it is a layer like any other).
        audio: The name of a clip that comes along ("siren"), a path, a `Clip`, a pair
            `(signal, sample_rate)`, or a test signal such as `wb.chirp`. None is the first clip.
        gradient: The scalar whose gradient is shown: "mean" or "energy" of the result, or "".
            A dashboard of an idea shows none.

    Returns:
        The dashboard; the last line of a cell shows it. It works on `what` itself: a chain has,
        afterwards, the parameters and the sample rate that were chosen. A model stays as it is.

    Raises:
        TypeError, ValueError, FileNotFoundError: `what` or `audio` is none of these.
    """
    if gradient and gradient not in LOSSES:
        rule = f"be one of {list(LOSSES)} or ''"
        raise ParameterError("gradient", rule, repr(gradient)).named("explore")
    if isinstance(what, str) and what in IDEAS:
        return open_idea(what, audio)
    source = source_of(audio)
    if isinstance(what, RecurrentModel):
        return Dashboard(RateController(what, source))
    return Dashboard(ChainEditor(chain_of(what, source.sample_rate), source, gradient))


def open_idea(name: str, audio: Any = None) -> Dashboard:
    """The dashboard of that name, on a signal or on the one that shows best what it is about."""
    idea = IDEAS[name]
    made = idea.audio() if callable(idea.audio) else idea.audio
    controller = idea.open(source_of(made if audio is None else audio))
    controller.kind, controller.title, controller.about = name, idea.title, idea.about
    return Dashboard(controller)


def chain_of(what: Any, sample_rate: int) -> Chain:
    """What a person wants done to a signal as a chain: one is, layers and ops become one."""
    if isinstance(what, Chain):
        return what
    if isinstance(what, keras.layers.Layer):
        return Chain([what], sample_rate=sample_rate)
    if isinstance(what, (list, tuple)):
        return Chain(what, sample_rate=sample_rate)
    return Chain([_layer_of(what)], sample_rate=sample_rate)


def _layer_of(what: str | Callable[..., Any]) -> keras.layers.Layer:
    """A layer of an op with its defaults; what has none, where its declaration says."""
    if isinstance(what, str):
        known = {name: op for name, op in registry().items() if op.takes == 1}
        if what not in known:
            names = sorted({*known, *IDEAS})
            raise _refusal(f"be one of {', '.join(names)}", repr(what))
        made = known[what]
    elif callable(what) and hasattr(what, "spec"):
        made = spec(what)
    else:
        rule = "be a chain, a layer, an op or its name"
        raise ParameterTypeError("what", rule, repr(what)).named("explore")
    if made.takes != 1:
        raise _refusal("work on a waveform; put it into a chain after one that does", made.name)
    kind = layers.layer_of(made)
    return kind(**needed(kind))


def _refusal(rule: str, got: str) -> ParameterError:
    return ParameterError("what", rule, got).named("explore")
