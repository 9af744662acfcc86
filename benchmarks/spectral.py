"""STFT and log-mel of a batch beside plain `tf.signal` and librosa: 32 rows of 10 s at 48 kHz."""

import librosa
import numpy as np
import tensorflow as tf

import workbench as wb
from benchmarks.report import Report
from benchmarks.timing import fastest

RATE, FRAME, STEP, BANDS = 48000, 1024, 256, 80
MEL_MATRIX = tf.signal.linear_to_mel_weight_matrix(BANDS, FRAME // 2 + 1, RATE, 0.0, RATE / 2)


def stft_of_tf_signal(x):
    """Not centred: it neither pads the start nor mirrors the ends."""
    return tf.signal.stft(x, FRAME, STEP, pad_end=True)


def log_mel_of_tf_signal(x):
    power = tf.square(tf.abs(stft_of_tf_signal(x)))
    return tf.math.log(tf.maximum(tf.tensordot(power, MEL_MATRIX, 1), 1e-10))


def stft_of_librosa(x):
    return librosa.stft(x, n_fft=FRAME, hop_length=STEP)


def log_mel_of_librosa(x):
    options = {"sr": RATE, "n_fft": FRAME, "hop_length": STEP, "n_mels": BANDS}
    return librosa.power_to_db(librosa.feature.melspectrogram(y=x, **options))


def stft(x):
    return wb.stft(x, frame_length=FRAME, frame_step=STEP)


def log_mel(x):
    options = {"frame_length": FRAME, "frame_step": STEP, "num_mel_bins": BANDS}
    return wb.log_mel_spectrogram(x, sample_rate=RATE, **options)


TASKS = {
    "STFT": (stft, stft_of_tf_signal, stft_of_librosa),
    "log-mel": (log_mel, log_mel_of_tf_signal, log_mel_of_librosa),
}


def main(report: Report) -> None:
    """Print the table; both TensorFlow sides compiled, and eager too."""
    x = np.random.default_rng(0).standard_normal((32, 10 * RATE)).astype(np.float32)
    tensor = tf.constant(x)
    rows = []
    for name, (ours, plain, peer) in TASKS.items():
        compiled, rival = (tf.function(f, autograph=False) for f in (ours, plain))
        found = fastest(
            {
                "ours": lambda run=compiled: run(tensor),
                "tf.signal": lambda run=rival: run(tensor),
                "ours, eager": lambda run=ours: run(tensor),
                "tf.signal, eager": lambda run=plain: run(tensor),
                "librosa": lambda run=peer: run(x),
            },
            repeats=10,
        )
        found |= fastest(
            {
                "ours, gradient": lambda run=compiled: _gradient(run, tensor),
                "tf.signal, gradient": lambda run=rival: _gradient(run, tensor),
            },
            repeats=5,
        )
        for how in ("", ", eager", ", gradient"):
            mine, other = found[f"ours{how}"], found[f"tf.signal{how}"]
            against = found["librosa"] if not how else ""
            times = found["librosa"] / mine if not how else ""
            rows.append([name + how, mine, other, other / mine, against, times])
        ratio = found["tf.signal"] / found["ours"]
        report.target(f"{name}, 32 x 10 s / tf.signal", ratio, ">=", 1, "x")
        report.target(
            f"{name}, 32 x 10 s / librosa", found["librosa"] / found["ours"], ">=", 1.3, "x"
        )
    head = ["32 x 10 s at 48 kHz", "ms", "tf.signal ms", "times as fast"]
    report.table("Spectra", [*head, "librosa ms", "times as fast as librosa"], rows)


def _gradient(run, tensor):
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        made = run(tensor)
        total = tf.reduce_sum(tf.math.real(made) if made.dtype.is_complex else made)
    return tape.gradient(total, tensor)
