"""A change computes what depends on it, and nothing twice."""

import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench.core import spectral
from workbench.dashboards.controllers.chain import controlled
from workbench.dashboards.controllers.forms import SHOWN
from workbench.dashboards.controls.numbers import rungs_of
from workbench.dashboards.panels import ImagePanel
from workbench.dashboards.scene import Memory
from workbench.ops import declared

NOISE = 0.1 * np.random.default_rng(0).standard_normal(20000).astype(np.float32)


@pytest.fixture
def transforms(monkeypatch):
    """The lengths of the frames that were transformed."""
    found = []
    transform = spectral.transform_parts

    def counted(frames, *options):
        if tf.executing_eagerly():  # a thread may still be tracing for an earlier dashboard
            found.append(int(frames.shape[-1]))
        return transform(frames, *options)

    monkeypatch.setattr(spectral, "transform_parts", counted)
    return found


def opened(name):
    return wb.explore(name, (NOISE, 16000)).controller


def images(controller):
    return [panel.data for panel in controller.frame.panels if isinstance(panel, ImagePanel)]


def test_all_steps_of_the_cepstrum_share_one_transform(transforms):
    controller = opened("mfcc")
    assert transforms == [1024]
    controller.set(0, frame_length=512)
    assert transforms == [1024, 512]
    controller.set(0, window="hamming")
    assert transforms == [1024, 512, 512]


@pytest.mark.parametrize(
    ("name", "stage", "change"),
    [
        ("mfcc", 0, {"num_mfccs": 5}),
        ("mfcc", 0, {"num_mel_bins": 40}),
        ("mel", 0, {"num_mel_bins": 40}),
        ("mel", 0, {"mel_scale": "slaney"}),
        ("augment", 2, {"num_time_masks": 3}),
    ],
)
def test_what_comes_after_the_spectrum_leaves_it_as_it_was(name, stage, change, transforms):
    controller = opened(name)
    transforms.clear()
    controller.set(stage, **change)
    assert transforms == []


@pytest.mark.parametrize("name", ["mfcc", "mel"])
def test_pictures_are_those_of_a_dashboard_that_was_opened_so(name):
    moved, changes = opened(name), [{"num_mel_bins": 40}, {"frame_length": 512}, {"frame_step": 99}]
    for change in changes:
        moved.set(0, **change)
    fresh = opened(name)
    fresh.chain.change({0: {name: v for change in changes for name, v in change.items()}})
    fresh._memory = Memory()
    fresh.change_source(fresh.source)
    assert len(images(moved)) == len(images(fresh)) >= 2
    for one, other in zip(images(moved), images(fresh), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_cost_of_a_stage_is_that_of_all_of_it(transforms):
    editor = wb.explore("log_mel_spectrogram", (NOISE, 16000), gradient="").controller
    transforms.clear()
    editor.set(0, num_mel_bins=40)
    assert len(transforms) == 1


def test_a_gradient_is_not_cut_off_by_what_is_kept():
    controller = opened("mel")
    controller.set(SHOWN, gradient_of="energy")
    found = controller.chain.gradients(controller.source.signal(), "energy").signal
    assert float(tf.reduce_max(tf.abs(found))) > 0
    np.testing.assert_array_equal(controller.result.signal, found)


def test_a_group_has_parameters_of_its_own():
    layer = wb.layers.MFCC(sample_rate=16000)
    first = controlled(layer, ("num_mfccs",))
    first.clear()
    again = controlled(layer, ("num_mfccs",))
    assert next(iter(again)) == "num_mfccs"
    assert not again["num_mfccs"].param.detail
    assert "sample_rate" not in again


@pytest.mark.parametrize(("op", "name"), [(wb.stft, "frame_length"), (wb.stft, "frame_step")])
def test_a_slider_of_lengths_runs_through_round_ones(op, name):
    rungs = rungs_of(declared(op)[name])
    assert rungs == sorted(set(rungs))
    assert {2**n for n in range(6, 12)} <= set(rungs)
    for rung in rungs:
        for factor in (2, 3, 5, 7, 11, 13):
            while rung % factor == 0:
                rung //= factor
        assert rung == 1
