"""The dashboard of gradients without a page: examples, scalars, errors, learning, states, code."""

import io
import json
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile as sf

import workbench as wb
from workbench.dashboards.controllers.forms import SHOWN, SOURCE
from workbench.dashboards.controllers.gradient import losses as gradient_losses
from workbench.dashboards.controllers.gradient.controller import GradientController
from workbench.dashboards.controllers.gradient.examples import EXAMPLES
from workbench.dashboards.controllers.gradient.notes import of_learning
from workbench.dashboards.controllers.gradient.objective import identity_of, placed
from workbench.dashboards.frames import Selection
from workbench.dashboards.sources import source_of
from workbench.stopping import Stopped

NOISE = np.asarray(wb.noise(sample_rate=16000, seconds=1.0, seed=3))
REGION = "quieten a region"


def opened(example="find a delay", signal=NOISE, rate=16000, seconds=0.25):
    made = GradientController(source_of((signal, rate)), example)
    made.set(SHOWN, seconds=seconds)
    return made


def learn(controller):
    """Presses Learn, and does what the worker does."""
    controller.act(SHOWN, "learn")
    for _ in controller.work().steps:
        pass


def titles(controller):
    return [panel.title.split(":")[0] for panel in controller.frame.panels]


def value(controller):
    return float(controller.result.value)


def ran(controller, **given):
    scope = {"signal": controller.source.signal(), **given}
    exec(controller.code(), scope)
    return scope


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_opens_and_says_what_it_shows(example):
    controller = opened(example)
    stages = [type(layer).__name__ for layer in controller.chain.layers]
    shown = titles(controller)
    assert shown[0] == "Signal"
    assert shown[1] == "Gradient with respect to the signal"
    assert shown[-1].startswith("Loss over 1. ")
    assert {*stages, *(f"Gradient with respect to {name}" for name in stages)} < set(shown)
    assert "slope" in controller.frame.panels[-1].title
    for number, name in enumerate(stages, 1):
        assert controller.notes[f"{number}. {name}"].startswith("Gradient by ")
    assert controller.notes["Scalar"].startswith("The ")
    assert "e-" not in " ".join(controller.notes.values())
    assert "Learning" not in controller.notes
    assert controller.groups[-1].tools == ("learn", "step", "restart")


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_is_shown_is_what_the_code_computes(example):
    controller = opened(example)
    scope = ran(controller)
    assert float(scope["gradients"].value) == pytest.approx(value(controller), rel=1e-6)
    for mine, shown in zip(scope["gradients"].stages, controller.result.stages, strict=True):
        np.testing.assert_allclose(mine, shown, rtol=1e-5, atol=1e-6 * np.abs(shown).max())


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_code_learns_what_was_learnt(example):
    controller = opened(example)
    controller.act(SHOWN, "learn")
    for _ in range(8):
        controller.step()
    scope = ran(controller)
    assert [step.loss for step in scope["steps"]] == pytest.approx(
        controller.arrays()["learning.loss"], rel=1e-4
    )
    assert float(scope["gradients"].value) == pytest.approx(value(controller), rel=1e-4)


SCALARS = {
    "mean": lambda power, times, bins: power.mean(),
    "energy": lambda power, times, bins: np.square(power).mean(),
    "region": lambda power, times, bins: power[
        (times >= 0.05) & (times <= 0.15)
    ][:, (bins >= 1000) & (bins <= 3000)].sum(),
    "one cell": lambda power, times, bins: power[
        np.abs(times - 0.1).argmin(), np.abs(bins - 2000).argmin()
    ],
}  # fmt: skip
PLACES = {
    "first_seconds": 0.05, "last_seconds": 0.15, "low_hertz": 1000.0, "high_hertz": 3000.0,
    "cell_seconds": 0.1, "cell_hertz": 2000.0,
}  # fmt: skip


@pytest.mark.parametrize("scalar", SCALARS)
def test_scalars_of_a_picture_are_those_of_numpy(scalar):
    controller = opened(REGION)
    controller.set(SHOWN, scalar=scalar, **PLACES)
    time, frequency = controller.chain.axes
    power = controller.result.outputs[-1].numpy()[0].astype(np.float64)
    expected = SCALARS[scalar](
        power, time.positions(power.shape[0]), frequency.positions(power.shape[1])
    )
    assert value(controller) == pytest.approx(expected, rel=1e-5)  # float32 sums
    assert float(ran(controller)["gradients"].value) == pytest.approx(expected, rel=1e-5)


def test_scalars_of_a_wave_are_those_of_numpy():
    controller = opened()
    controller.set(SHOWN, scalar="region", **PLACES)
    wave = controller.result.outputs[-1].numpy()[0].astype(np.float64)
    assert value(controller) == pytest.approx(np.square(wave[800:2401]).sum(), rel=1e-5)
    controller.set(SHOWN, scalar="one cell")
    assert value(controller) == pytest.approx(wave[1600], rel=1e-6)


def test_distances_are_those_of_numpy():
    controller = opened()
    controller.set(SHOWN, smoothing_seconds=0.0)
    x = NOISE[None, :4000]
    here, there = (np.float64(wb.fractional_delay(x, delay=d)) for d in (2.0, 12.37))
    assert value(controller) == pytest.approx(np.square(here - there).mean(), rel=1e-5)
    controller.set(SHOWN, scalar="other clip", other_clip="drums")
    clip = wb.clip("drums")
    other = clip.signal[:1, : clip.sample_rate // 4]
    other = wb.resample(other, orig_rate=clip.sample_rate, target_rate=16000)
    there = np.float64(wb.fractional_delay(other[:, :4000], delay=2.0))
    assert value(controller) == pytest.approx(np.square(here - there).mean(), rel=1e-5)
    assert float(ran(controller)["gradients"].value) == pytest.approx(value(controller), rel=1e-6)


def test_another_clip_that_is_shorter_ends_in_silence():
    long = np.tile(NOISE, 8)
    controller = opened(signal=long, seconds=8.0)
    controller.set(SHOWN, scalar="other clip", other_clip="drums", smoothing_seconds=0.0)
    assert float(ran(controller)["gradients"].value) == pytest.approx(value(controller), rel=1e-6)


def test_a_marked_region_becomes_the_scalar():
    controller = opened()
    assert controller.select(Selection(0, 0.05, 0.1))
    found = {name: controller.settings[name] for name in ("scalar", *PLACES) if "cell" not in name}
    assert found == {"scalar": "region", "first_seconds": 0.05, "last_seconds": 0.1,
        "low_hertz": None, "high_hertz": None}  # fmt: skip
    assert not controller.select(None)
    assert controller.settings["scalar"] == "region"
    controller = opened(REGION)
    controller.select(Selection(4, 0.05, 0.1, 500.0, 900.0))
    assert (controller.settings["low_hertz"], controller.settings["high_hertz"]) == (500.0, 900.0)
    assert value(controller) > 0


@pytest.mark.parametrize(
    ("example", "stage", "values", "said"),
    [
        (REGION, SHOWN, {"first_seconds": 0.2}, "first_seconds and last_seconds must rise"),
        (REGION, SHOWN, {"first_seconds": 5.0, "last_seconds": 6.0}, "must lie inside the picture"),
        (REGION, SHOWN, {"low_hertz": 9000.0, "high_hertz": 1e4}, "must lie inside the picture"),
        (REGION, SHOWN, {"start": 5.0}, "start must be before the end of the signal, at 1 s"),
        (REGION, SHOWN, {"start": 1.0}, "start must be before the end of the signal, at 1 s"),
        (
            "find a delay",
            SHOWN,
            {"target 1. delay": -3.0},
            "target 1. delay must be a finite number of samples, at least 0",
        ),
        ("find mel edges", SHOWN, {"target 1. upper_edge_hertz": 9000.0}, "must be at most"),
        ("find a delay", SHOWN, {"example": "find happiness"}, "example must be one of"),
        (
            "find a delay",
            0,
            {"delay": -1.0},
            "delay must be a finite number of samples, at least 0",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(example, stage, values, said):
    controller = opened(example)
    before, frame = controller.state(), controller.frame
    with pytest.raises(ValueError, match=said):
        controller.set(stage, **values)
    assert controller.state() == before
    assert controller.frame is frame


def test_an_excerpt_ends_with_the_signal_and_begins_in_another_one():
    controller = opened()
    controller.set(SHOWN, start=0.9)
    assert controller.frame.time == (0.0, pytest.approx(0.1))
    np.testing.assert_array_equal(controller.result.outputs[0][0], NOISE[14400:])
    controller.change_source(source_of((NOISE[:8000], 16000)))
    assert controller.settings["start"] == 0.0
    assert controller.frame.time == (0.0, 0.25)


@pytest.mark.parametrize("tool", ["learn", "step"])
def test_nothing_to_learn_is_said(tool):
    controller = opened()
    controller.set(SHOWN, **{"learn 1. delay": False})
    assert not titles(controller)[-1].startswith("Loss over")
    with pytest.raises(ValueError, match="Learning: learn must be on for a parameter"):
        controller.act(SHOWN, tool)
    assert not controller.learning
    assert "Learner" not in controller.code()
    ran(controller)


def test_the_loss_over_a_parameter_is_computed_when_something_else_has_changed(monkeypatch):
    counts = []  # of places at which it was computed
    compute = gradient_losses.landscape
    monkeypatch.setattr(
        gradient_losses,
        "landscape",
        lambda *given: counts.append(len(given[-1])) or compute(*given),
    )
    controller = opened("find an echo")
    assert [count // 33 for count in counts] == [1, 1]  # at the beginning; for the shorter excerpt
    controller.set(0, delay_seconds=0.008)
    controller.look(controller.view)
    controller.set(SHOWN, step=0.01)
    assert counts[2:] == [6]  # those around the place where it is now
    controller.set(0, delay_seconds=0.0002)
    assert len(counts) == 3
    controller.set(0, wet=0.5)
    assert len(counts) == 4
    controller.set(SHOWN, **{"target 1. wet": 0.7})
    assert len(counts) == 5
    controller.act(SHOWN, "learn")
    for _ in range(3):
        controller.step()
    assert len(counts) == 5


def test_the_loss_is_finer_around_the_present_value_and_goes_through_it():
    controller = opened()
    for delay in (20.3, 41.0):
        controller.set(0, delay=delay)
        panel = controller.frame.panels[-1]
        places, apart = panel.positions, np.diff(panel.positions)
        near = np.abs(places[1:] + places[:-1] - 2 * delay) < 2.8
        assert apart[near].max() <= 0.5 < 1.9 < apart[~near].max()
        assert panel.data[0][places == delay] == pytest.approx(panel.data[1][places == delay])


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_tangent_is_what_differences_give(example):
    controller = opened(example)
    slope = controller._losses._found[1].slope
    assert slope.error <= 1e-6
    name = controller.notes["1. " + type(controller.chain.layers[0]).__name__]
    assert name.startswith("Gradient by ")
    stage, parameter = min(controller.learnt)
    shown = float(controller.result.parameters[stage][parameter])
    assert shown == pytest.approx(slope.gradient, rel=1e-3)  # the chain's is in single precision


def test_the_tangent_moves_with_its_parameter():
    controller = opened()
    for delay in (3.3, 20.0):  # on either side of the target
        controller.set(0, delay=delay)
        slope = controller._losses._found[1].slope
        assert slope.value == delay
        shown = float(controller.result.parameters[0]["delay"])
        assert shown == pytest.approx(
            slope.gradient, rel=1e-3
        )  # the chain's is in single precision


def test_learning_finds_a_delay_and_goes_back():
    controller = opened()
    learn(controller)
    assert controller.chain.layers[0].values["delay"] == pytest.approx(12.37, abs=0.01)
    assert controller.notes["Learning"].startswith("Converged at step ")
    assert controller.groups[-1].tools[0] == "learn"
    assert [title.split(" ")[0] for title in titles(controller)[-3:]] == ["Loss", "Training", "Way"]
    assert "slope" not in controller.frame.panels[-3].title  # it is that of where it began
    losses = controller.arrays()["learning.loss"]
    assert losses[-1] < 1e-6 * losses[0]
    controller.act(SHOWN, "restart")
    assert controller.chain.layers[0].values["delay"] == 2.0
    assert "Learning" not in controller.notes
    assert "learning.loss" not in controller.arrays()
    learn(controller)
    np.testing.assert_array_equal(controller.arrays()["learning.loss"], losses)


@pytest.mark.parametrize("tool", ["restart", "step"])
def test_what_is_stopped_while_it_is_drawn_was_never_learnt(tool, monkeypatch):
    controller = opened()
    for _ in range(3):
        controller.act(SHOWN, "step")
    before, shown = controller.learner, titles(controller)
    history, kept = [*before.history], value(controller)

    def stopped(*arguments):
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(controller, "_panels", stopped)
        with pytest.raises(Stopped):
            controller.act(SHOWN, tool)
    assert controller.learner is before
    assert (before.history, value(controller)) == (history, kept)
    controller.look(controller.view)
    assert titles(controller) == shown
    controller.act(SHOWN, "step")
    assert len(controller.learner.history) == 4


def test_a_slider_moved_while_learning_is_where_it_goes_on_from():
    controller = opened()
    controller.act(SHOWN, "learn")
    steps = controller.work().steps
    for _ in range(30):
        next(steps)
    controller.set(0, delay=30.0)
    assert controller.learning
    next(steps)
    assert controller.chain.layers[0].values["delay"] == 30.0
    for _ in steps:
        pass
    assert controller.chain.layers[0].values["delay"] == pytest.approx(12.37, abs=0.01)
    controller.act(SHOWN, "restart")
    assert controller.chain.layers[0].values["delay"] == 30.0


@pytest.mark.parametrize(
    "change",
    [
        lambda controller: controller.set(SHOWN, example="find an echo"),
        lambda controller: controller.change_source(source_of((NOISE[::2], 8000))),
        lambda controller: controller.choose_channel(1),
        lambda controller: controller.set(SHOWN, seconds=0.2),
    ],
)
def test_what_is_learnt_ends_with_what_it_was_learnt_of(change):
    controller = opened(signal=np.stack([NOISE, 0.1 * NOISE]))
    controller.act(SHOWN, "learn")
    steps = controller.work().steps
    next(steps)
    change(controller)
    assert not controller.learning
    assert list(steps) == []
    assert "Learning" not in controller.notes
    first = controller.chain.layers[0]
    before = dict(first.values)
    controller.step()
    assert dict(first.values) == before
    assert controller.result.outputs[0] is controller._excerpt()


def test_a_test_signal_that_changes_is_learnt_anew():
    controller = GradientController(source_of(wb.noise))
    controller.set(SHOWN, seconds=0.1)
    controller.step()
    controller.step()
    controller.set(SOURCE, seed=5)
    controller.step()
    assert controller.result.outputs[0] is controller._excerpt()


def test_how_fast_it_learns_is_changed_while_it_learns():
    controller = opened()
    controller.act(SHOWN, "learn")
    work = controller.work()
    next(work.steps)
    assert work.pace() == pytest.approx(1 / 20)
    controller.set(SHOWN, steps_per_second=5.0)
    assert work.pace() == pytest.approx(1 / 5)
    assert controller.learning
    assert len(controller.learner.history) == 1


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_state_comes_back(example):
    controller = opened(example)
    label, parameter = next(iter(controller._form.parameters.items()))
    target = 1.01 * controller.chain.layers[0].values[parameter[1]]
    learnt = parameter in controller.learnt
    controller.set(SHOWN, **{f"target {label}": target, f"learn {label}": not learnt})
    state = json.loads(json.dumps(controller.state()))
    other = opened(next(name for name in EXAMPLES if name != example))
    other.restore(state, controller.source)
    assert other.state() == state
    assert value(other) == value(controller)
    assert titles(other) == titles(controller)
    with pytest.raises(ValueError, match="example"):
        other.restore(state | {"shown": state["shown"] | {"example": "none"}}, controller.source)
    assert other.state() == state


def test_a_state_of_other_parameters_and_another_rate_comes_back():
    high = np.asarray(wb.noise(sample_rate=48000, seconds=0.3))
    controller = opened("find an echo", high, 48000)
    controller.set(0, motion="sine")
    controller.set(SHOWN, **{"target 1. depth_seconds": 0.001, "learn 1. depth_seconds": True})
    state = controller.state()
    other = opened(signal=NOISE[:2000], rate=8000)
    other.restore(state, controller.source)
    assert other.state() == state
    controller = opened("find mel edges", high, 48000)
    controller.set(0, upper_edge_hertz=20000.0)
    other.restore(controller.state(), controller.source)
    assert other.chain.layers[0].values["upper_edge_hertz"] == 20000.0


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 96000])
@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_opens_at_every_rate(example, rate):
    signal = np.asarray(wb.noise(sample_rate=rate, seconds=0.2, seed=1))
    controller = GradientController(source_of((signal, rate)), example)
    controller.step()
    controller.step()
    assert np.isfinite(value(controller))
    assert all(np.all(np.isfinite(stage)) for stage in controller.result.stages)


CLICK = np.zeros(1600, np.float32)
CLICK[10] = 1.0


@pytest.mark.parametrize("signal", [np.zeros(1600, np.float32), CLICK, CLICK[10:11]])
@pytest.mark.parametrize("example", EXAMPLES)
def test_silence_and_a_click_are_no_trouble(example, signal):
    controller = GradientController(source_of((signal, 16000)), example)
    for _ in range(5):
        controller.step()
    assert np.isfinite(value(controller))
    assert all(np.all(np.isfinite(panel.data)) for panel in controller.frame.panels)


def test_places_outside_an_excerpt_move_into_it_when_their_scalar_is_chosen():
    controller = opened(signal=NOISE[:1600], seconds=0.1)
    controller.set(SHOWN, scalar="region")
    found = [controller.settings[name] for name in ("first_seconds", "last_seconds")]
    assert found == pytest.approx([0.03, 0.06])
    controller.set(SHOWN, scalar="one cell")
    assert controller.settings["cell_seconds"] == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("scalar", "inside"),
    [
        (
            "region",
            {"first_seconds": 0.3, "last_seconds": 0.6, "low_hertz": 200.0, "high_hertz": 400.0},
        ),
        ("one cell", {"cell_seconds": 0.5, "cell_hertz": 200.0}),
    ],
)
def test_places_from_the_end_on_become_parts_of_the_excerpt_and_of_half_the_rate(scalar, inside):
    ends = {name: 1.0 if name.endswith("_seconds") else 800.0 for name in inside}
    settings, x = {"scalar": scalar, **ends}, np.zeros((1, 1600))
    assert placed(settings, {}, x, 1600) == pytest.approx({"scalar": scalar, **inside})
    assert placed(settings, ends, x, 1600) == settings  # set by hand: to be refused
    before = settings | {name: 0.99 * end for name, end in ends.items()}
    assert placed(before, {}, x, 1600) == before


def test_distances_of_another_smoothing_are_others():
    chain = wb.Chain([wb.layers.Saturate()], sample_rate=8000)
    one = wb.Distance.to(chain, NOISE[None, :100], cropped=True)
    assert identity_of(one.smoothed(0.001)) == identity_of(one.smoothed(0.001))
    assert identity_of(one.smoothed(0.001)) != identity_of(one.smoothed(0.002))


@pytest.mark.parametrize(
    ("going", "smoothing", "converged", "said"),
    [
        (True, 0.001, False, "Step 3: delay (samples) 12.3456, smoothed over 1 ms"),
        (False, 0.001, False, "Paused at step 3: delay (samples) 12.3456, smoothed over 1 ms"),
        (False, 0.0, False, "Paused at step 3: delay (samples) 12.3456"),
        (False, 0.0, True, "Converged at step 3: delay (samples) 12.3456"),
    ],
)
def test_the_note_says_how_far_learning_has_come(going, smoothing, converged, said):
    last = SimpleNamespace(number=3, values={(0, "delay"): 12.3456}, smoothing_seconds=smoothing)
    chain = SimpleNamespace(layers=[wb.layers.FractionalDelay(delay=2.0)])
    learner = SimpleNamespace(history=[last], chain=chain, converged=converged)
    assert of_learning(learner, going=going) == said


def test_the_chosen_channel_is_looked_at_and_heard():
    controller = opened(signal=np.stack([NOISE, 0.5 * NOISE]))
    controller.choose_channel(1)
    np.testing.assert_array_equal(controller.arrays()["0_signal"], 0.5 * NOISE[None, :4000])
    assert controller.arrays()["1_FractionalDelay.gradient"].shape == (1, 4000)
    assert controller.tracks == ("result", "original")
    for track, stage in (("original", 0), ("result", 1)):
        heard, rate = sf.read(io.BytesIO(controller.sound(track)))
        expected = controller.result.outputs[stage][0].numpy()
        assert rate == 16000
        assert heard / np.max(heard) == pytest.approx(
            expected / np.max(expected), abs=2e-4
        )  # 16 bits
    assert "x[1:2, 0:4000]" in controller.code()
    assert opened(REGION).tracks == ("original",)


@pytest.mark.parametrize("kind", ["fft", "nearest", "linear"])
def test_a_parameter_that_has_no_slope_has_no_curve_until_it_has_one_again(kind):
    controller = opened("find a rate drift")
    controller.set(0, kind=kind)
    there = any(panel.title.startswith("Loss over") for panel in controller.frame.panels)
    assert there == (kind == "linear")
    assert (0, "ratio") in controller.learnt
    controller.set(0, kind="sinc")
    assert any(panel.title.startswith("Loss over") for panel in controller.frame.panels)
