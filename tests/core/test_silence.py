"""Quiet and padded signals, with other parameters than the ones every op is tested with."""

import numpy as np
import pytest
import tensorflow as tf

import workbench as wb

NOISE = np.random.default_rng(13).standard_normal((3, 2500)) * [[1.0], [0.1], [0.01]]
QUIET = {
    "silence": np.zeros(2500),
    "first half": np.where(np.arange(2500) < 1250, 0.0, NOISE[0]),
    **{f"{level:g}": level * NOISE[0] for level in (1e-20, 1e-23, 1e-30)},
}
READ = {
    **{f"power {p}": (wb.spectrogram, {"power": p}) for p in (0.3, 1.0, 1.5)},
    "phase": (wb.phase, {}),
    "frequency": (wb.instantaneous_frequency, {"sample_rate": 8000}),
    "kaiser": (wb.spectrogram, {"power": 0.3, "window": "kaiser", "window_length": 700.0}),
    "speech": (wb.spectrogram, {"power": 0.3, "remove_mean": True, "preemphasis": 0.97}),
    "dft": (wb.spectrogram, {"power": 0.3, "impl": "dft"}),
}


def reader(read):
    """What computes a reading, and its gradient with respect to the signal."""
    op, options = READ[read]

    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            out = op(x, **options)
            total = tf.reduce_mean(tf.abs(out))
        return out, tape.gradient(total, x)

    return run


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_quiet_signals_give_finite_numbers_and_gradients(read, dtype):
    run = reader(read)
    for how in (run, tf.function(run)):
        for quiet, x in QUIET.items():
            found = how(tf.constant(x.astype(dtype)))
            assert all(np.all(np.isfinite(part)) for part in found), quiet
            assert np.max(np.abs(found[1])) <= 1e6, quiet


@pytest.mark.parametrize("read", READ)
def test_xla_agrees_about_quiet_signals(read):
    run = reader(read)
    compiled = tf.function(run, jit_compile=True)
    for quiet in ("silence", "1e-23"):
        x = tf.constant(QUIET[quiet].astype(np.float32))
        for found, expected in zip(compiled(x), run(x), strict=True):
            assert np.all(np.isfinite(found)), quiet
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4, err_msg=quiet)


FRAMES = [
    {"frame_length": 400, "frame_step": 160, "fft_length": 512},
    {"frame_length": 401, "frame_step": 50, "fft_length": 512, "window_symmetric": True},
    {"frame_length": 300, "frame_step": 400, "remove_mean": True, "preemphasis": 0.97},
    {"frame_length": 256, "frame_step": 64, "window_length": 199.5, "impl": "dft"},
]


@pytest.mark.parametrize("options", FRAMES, ids=str)
@pytest.mark.parametrize("window_position", ["center", "start"])
@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
@pytest.mark.parametrize("center", [True, False])
def test_padded_rows_are_what_they_are_alone(options, window_position, pad_mode, center):
    options = {"window_position": window_position, "pad_mode": pad_mode, **options}
    lengths = [2500, 37, 1201]
    x = np.where(np.arange(2500) < np.array(lengths)[:, None], NOISE, 7.0)
    batch, made = wb.spectrogram(x, lengths=lengths, center=center, **options)
    for row, length in enumerate(lengths):
        alone = wb.spectrogram(x[row, :length], center=center, **options)
        assert len(alone) == made[row]
        np.testing.assert_allclose(batch[row, : len(alone)], alone, rtol=1e-9, atol=1e-12)
