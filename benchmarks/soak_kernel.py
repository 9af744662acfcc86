"""Runs in the kernel of the soak: tells what the open dashboard of `gallery` is and should show."""

import gc
import hashlib
import html
import random
import re
import threading

import ipywidgets
import numpy as np
import psutil
import tensorflow as tf

from workbench.dashboards.controllers.forms import LOOKS, SHOWN, SOURCE
from workbench.dashboards.controls.numbers import rungs_of
from workbench.dashboards.ideas import IDEAS
from workbench.dashboards.rest import give_back
from workbench.traces import _kept

gallery = globals().get("gallery")  # the notebook has made it
_MOST = 0.999  # of an image: where the result is nothing but rounding, its level in dB is noise
_sources = {}  # with which each dashboard opened
_TOLD = ("IntSlider", "FloatText", "Text", "Checkbox", "Dropdown", "HTML", "ToggleButton")


def soak_dashboard():
    return gallery._opened.get(gallery.choice.value)


def soak_facts():
    """What the page should show now."""
    dashboard = soak_dashboard()
    if dashboard is None or [*gallery._place.children] != [dashboard.widget]:
        return {"opening": gallery._error.value or "a dashboard is being opened"}
    controller, scope = dashboard.controller, dashboard.scope
    with dashboard._lock:
        flow, job = scope._flow, dashboard.worker.job
        frame = flow.newest or controller.frame
        content, buffers = frame.encode()
        return {
            "name": gallery.choice.value,
            "comm": scope.comm.comm_id,
            "sent": flow._count,
            "under_way": flow._waiting or bool(flow._under_way),
            "job": job.state if job else "",
            "values": controller.values,
            "frame": content,
            "hash": hashlib.sha1(b"".join(buffers)).hexdigest(),
            "controls": [*_told(dashboard.panel.widget)],
            "apart": [*_apart(dashboard)],
            "possible": [*dashboard.possible],
            "error": gallery._error.value,
            "given_up": controller.frame.late and not frame.late,
        }


def soak_fresh():
    """Whether another controller, made anew with the same state, shows the same."""
    dashboard = soak_dashboard()
    controller = dashboard.controller
    if getattr(controller, "learner", None) is not None:
        return []  # what has been learnt is not part of the state
    with dashboard._lock:
        other = IDEAS[gallery.choice.value].open(controller.source)
        other.kind, other.view = controller.kind, controller.view  # all of it may have no picture
        try:
            other.restore(controller.state(), controller.source)
            other.looking._held = dict(controller.looking._held)  # since an earlier picture
            other.look(controller.view)
        except ValueError as error:
            if "the values must be finite" not in str(error):
                raise
            return []  # a panel has no picture, as the page says
        if any(getattr(panel, "old", ()) for panel in other.frame.panels):
            return []  # of a long signal the rest is computed in the background
        return [*_differences(controller.frame, other.frame, _rounding(controller.result))]


def soak_everything(changes=40):
    """Moves the controls of the open dashboard to values of their whole range, and back."""
    dashboard, chosen = soak_dashboard(), random.Random(0)
    for _ in range(changes):
        control = chosen.choice([*dashboard.controls.values()])
        values = _range(control.declared)
        if values:
            control.value = chosen.choice(values)
    dashboard.rest()
    dashboard.reset()


def soak_first():
    """All dashboards as they were at first, the sound too: a longer one takes more.

    Those that are put away are so again: what is restored has widgets.
    """
    for name, dashboard in gallery._opened.items():
        first = _sources.setdefault(name, dashboard.controller.source)
        dashboard.rest()
        with dashboard._changing():
            dashboard._restore(dashboard._opened, first)
            dashboard._changed()
        if dashboard not in (gallery._shown, gallery._left):
            dashboard.put_away()


def _range(declared):
    if declared.param.choices:
        return declared.param.choices
    if declared.kind is bool:
        return (False, True)
    rungs = [*map(declared.kind, rungs_of(declared))]
    return [rungs[0], rungs[-1], *rungs] if declared.count == 1 else ()


def soak_memory():
    """What is held: garbage of any age is none of it, nor what is free but not given back."""
    before = psutil.Process().memory_info().rss
    for dashboard in gallery._opened.values():
        dashboard.panel.let_go()  # else they go some seconds later
    gc.collect()
    give_back()
    instances = ipywidgets.widgets.widget._instances
    kept = [*_kept._sizes.items()]
    return {
        "kernel MiB": before / 2**20,
        "kernel MiB held": psutil.Process().memory_info().rss / 2**20,
        "widgets": len(instances),
        "threads": threading.active_count(),
        "traces MiB": sum(size for (owner, _), size in kept if owner() is not None) / 2**20,
        **_tensors(),
    }


def _tensors():
    """MiB of all tensors, where TensorFlow has a pool of its own and counts them."""
    try:
        found = tf.config.experimental.get_memory_info("CPU:0")
    except ValueError:
        return {}
    return {"tensors MiB": found["current"] / 2**20} if found["current"] else {}


def _told(widget):
    """All controls in a tree of widgets, in the order in which the page has them."""
    kind = widget._model_name.removesuffix("Model")
    if kind in _TOLD:
        yield [kind, _value(kind, widget)]
    for child in getattr(widget, "children", ()):
        yield from _told(child)


def _value(kind, widget):
    if kind == "Dropdown":
        return widget.label
    if kind == "HTML":
        return html.unescape(re.sub("<[^>]*>", "", widget.value))
    return widget.value


def _apart(dashboard):
    """Controls that neither show the value that acts nor say why it was refused."""
    controller = dashboard.controller
    values = controller.values | {f"looks.{n}": v for n, v in controller.looking.values.items()}
    for (stage, name), control in dashboard.controls.items():
        where = {SOURCE: "source", SHOWN: "shown", LOOKS: "looks"}.get(stage, stage)
        value = values.get(f"{where}.{name}")
        if not control.error and control.value != value and name != "add":
            yield f"{where}.{name}: the control says {control.value!r}, what acts is {value!r}"


def _rounding(result):
    """Of the signal's gradient what is but rounding: its largest value may lie beyond the view.

    So it is where a peak is brought to a level: the one sample of the peak answers for all others,
    and a filter spreads the rounding of that over its neighbours.
    """
    stages = getattr(result, "stages", ())
    return 1e-6 * float(np.max(np.abs(stages[0]))) if stages else 0.0


def _differences(one, other, rounding):
    """In what two frames differ, by more than the rounding of another order of sums."""
    for name in ("time", "shown", "values", "tracks"):
        if getattr(one, name) != getattr(other, name):
            yield f"{name}: {getattr(one, name)} is {getattr(other, name)} afresh"
    if len(one.panels) != len(other.panels):
        yield f"{len(one.panels)} panels are {len(other.panels)} afresh"
    for panel, again in zip(one.panels, other.panels, strict=False):
        if _nothing(panel) and _nothing(again):
            continue
        slack = rounding if panel.title.startswith("Gradient") else 0.0
        for name, value in vars(panel).items():
            other_value = getattr(again, name, None)
            if not _alike(value, other_value, slack):
                yield f"{panel.title}, {name}: {value!s:.300} is {other_value!s:.300} afresh"


def _nothing(panel):
    """Whether a panel shows nothing but rounding, as of a gradient that is 0."""
    data = getattr(panel, "data", None)
    return data is not None and data.size > 0 and np.nanmax(np.abs(data)) < 1e-6


def _alike(one, other, slack):
    if isinstance(one, str) and isinstance(other, str):
        return re.sub(r"[\d.−e-]+", "0", one) == re.sub(r"[\d.−e-]+", "0", other)
    if isinstance(one, (float, np.ndarray)) and np.asarray(one).dtype.kind in "fiu":
        one, other = np.asarray(one, float), np.asarray(other, float)
        if one.shape != other.shape:
            return False
        slack += 1e-3 * np.max(np.abs(one), initial=0.0, where=np.isfinite(one))
        near = np.isclose(one, other, rtol=1e-3, atol=slack, equal_nan=True)
        return np.mean(near) > _MOST if one.size else True
    return repr(one) == repr(other)
