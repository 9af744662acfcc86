"""`resample` beside soxr, librosa and SciPy: quality (see `resampler.py`), speed, memory."""

import librosa
import numpy as np
import scipy.signal
import soxr
import tensorflow as tf

import workbench as wb
from benchmarks.memory import extra_megabytes
from benchmarks.report import Report
from benchmarks.resampler import Quality
from benchmarks.timing import fastest

QUALITY_PAIRS = ((44100, 48000), (48000, 16000), (44100, 16000))
SPEED_PAIRS = (
    (44100, 48000), (48000, 44100), (48000, 16000), (16000, 48000), (44100, 16000), (44100, 22050),
)  # fmt: skip
TWICE = {(44100, 48000), (48000, 44100)}  # a batch is to run at least at twice soxr's speed
COPRIME = """
import numpy as np, workbench as wb
x = np.random.default_rng(0).standard_normal({orig}).astype(np.float32)
def run(x):
    return wb.resample(x, orig_rate={orig}, target_rate={target})
run(x[:100])
"""


def ours(x, a, b):
    return wb.resample(x, orig_rate=a, target_rate=b)


def scipy_transform(x, a, b):
    return scipy.signal.resample(x, -(-len(x) * b // a))


def scipy_polyphase(x, a, b):
    common = np.gcd(a, b)
    return scipy.signal.resample_poly(x, b // common, a // common)


METHODS = {
    "workbench": ours,
    "workbench, fast": lambda x, a, b: wb.resample(x, orig_rate=a, target_rate=b, quality="fast"),
    "soxr VHQ": lambda x, a, b: soxr.resample(x, a, b, quality="VHQ"),
    "soxr HQ": lambda x, a, b: soxr.resample(x, a, b, quality="HQ"),
    "librosa (default)": lambda x, a, b: librosa.resample(x, orig_sr=a, target_sr=b),
    "scipy resample_poly": scipy_polyphase,
    "scipy resample (FFT)": scipy_transform,
}


def main(report: Report) -> None:
    """Print the tables."""
    quality(report)
    speed(report)
    memory(report)


def quality(report: Report) -> None:
    """Every method between the reference rates, in double and single precision."""
    head = [
        "method",
        "type",
        "-3 dB at part of Nyquist",
        "gain at 0.90",
        "alias",
        "spur",
        "truth",
        "round trip",
    ]
    for orig, target in QUALITY_PAIRS:
        rows = []
        for name, convert in METHODS.items():
            for dtype in ("float64", "float32"):
                found = Quality(convert, orig, target, dtype)
                alias = f"{found.alias():.1f}" if target < orig else ""
                rows.append(
                    [
                        name, dtype, f"{found.three_decibels_down():.4f}", f"{found.gain(0.9):.4f}",
                        alias, f"{found.pass_band()[1]:.1f}", f"{found.truth():.1f}",
                        f"{found.round_trip():.1f}",
                    ]
                )  # fmt: skip
        report.table(f"resample {orig} -> {target}, dB", head, rows)


def speed(report: Report) -> None:
    """30 s of one channel, and 32 rows of 10 s, float32; soxr converts them as 32 channels."""
    rng = np.random.default_rng(0)
    rows, short = [], []
    for orig, target in SPEED_PAIRS:
        mono = rng.standard_normal(30 * orig).astype(np.float32)
        batch = rng.standard_normal((32, 10 * orig)).astype(np.float32)
        one, many = _against_soxr(mono, orig, target, 30), _against_soxr(batch, orig, target, 5)
        name = f"{orig} -> {target}"
        rows.append(
            [name, one["ours"], one["soxr"], one["soxr"] / one["ours"], one["gradient"],
             many["ours"], many["soxr"], many["soxr"] / many["ours"]]
        )  # fmt: skip
        report.target(f"resample {name}, mono / soxr", one["soxr"] / one["ours"], ">=", 1, "x")
        least = 2 if (orig, target) in TWICE else 1
        ratio = many["soxr"] / many["ours"]
        report.target(f"resample {name}, batch / soxr", ratio, ">=", least, "x")
        second = tf.constant(mono[:orig])
        short.append(fastest({"ours": lambda: ours(second, orig, target)}, 100)["ours"])  # noqa: B023
    head = ["rates", "30 s: ms", "soxr VHQ ms", "times as fast", "with gradient ms"]
    head += ["32 x 10 s: ms", "soxr VHQ, 32 x 10 s: ms", "32 x 10 s: times as fast"]
    report.table("resample, one channel of 30 s and 32 of 10 s", head, rows)
    report.target("resample, eager call on 1 s, slowest pair", max(short), "<=", 2, "ms")


def _against_soxr(signal, orig, target, repeats):
    tensor = tf.constant(signal)
    compiled = tf.function(lambda x: ours(x, orig, target), autograph=False)
    columns = np.ascontiguousarray(signal.T)

    def gradient():
        with tf.GradientTape() as tape:
            tape.watch(tensor)
            made = compiled(tensor)
        return tape.gradient(made, tensor, made)

    return fastest(
        {
            "ours": lambda: compiled(tensor),
            "gradient": gradient,
            "soxr": lambda: soxr.resample(columns, orig, target, quality="VHQ"),
        },
        repeats,
    )


def memory(report: Report) -> None:
    """Rates without a common factor, 1 s: what the conversion needs beyond a tiny one."""
    rows = []
    for orig, target in ((44100, 44101), (16000, 16001), (48000, 44101)):
        used = extra_megabytes(COPRIME.format(orig=orig, target=target), "run(x)")
        rows.append([f"{orig} -> {target}", used])
        report.target(f"resample {orig} -> {target}, extra memory", used, "<=", 64, "MB")
    report.table("resample, rates without a common factor: 1 s", ["rates", "extra MB"], rows)
