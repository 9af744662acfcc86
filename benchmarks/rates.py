"""How near the model in `data/` comes, at other rates, to what it does at its own, in dB.

The reference is its output at 44.1 kHz, resampled; the ends are left out. What the model aliases at
44.1 kHz is part of the reference, and what lies high in its state is what interpolation misses:
both limit the figure for sounds with strong high frequencies.
"""

import numpy as np

import workbench as wb
from benchmarks.report import Report

RATE, EDGE = 44100, 2000
METHODS = {
    "naive": {"interpolation": "naive"},
    "stn": {"interpolation": "stn"},
    "linear": {"interpolation": "linear"},
    "allpass": {"interpolation": "allpass"},
    "cubic": {"interpolation": "cubic"},
    "lagrange 5": {"interpolation": "lagrange", "order": 5},
    "minimax 3": {"interpolation": "minimax", "order": 3},
    "auto": {"interpolation": "auto"},
}
# a model of 48 kHz that runs at 44.1 kHz is one of 44.1 kHz that runs at 40,517 Hz
RATES = {48000: METHODS, 88200: METHODS, 40517: ("naive", "stn", "linear", "auto")}


def sounds() -> dict[str, np.ndarray]:
    """Sounds of a second at 44.1 kHz, float64 `[time]`, soft at both ends."""
    given = {"sample_rate": RATE, "seconds": 1.0, "amplitude": 0.7}
    found = {
        f"string, {hertz:g} Hz": wb.plucked_string(frequency_hertz=hertz, **given).numpy()
        for hertz in (110.0, 330.0)
    }
    speech = wb.clip("speech")
    at_rate = wb.resample(speech.signal[0], orig_rate=speech.sample_rate, target_rate=RATE).numpy()
    clips = {name: wb.clip(name).signal[0] for name in ("plucked_string", "siren", "drums")}
    for name, signal in (clips | {"speech": at_rate}).items():
        found[f"clip {name}"] = signal[RATE : 2 * RATE]
    fade = np.sin(np.linspace(0, np.pi / 2, EDGE)) ** 2
    soft = np.concatenate([fade, np.ones(RATE - 2 * EDGE), fade[::-1]])
    return {name: np.float64(signal) * soft for name, signal in found.items()}


def main(report: Report) -> None:
    """Print a table for each rate."""
    signals = sounds()
    x = np.stack(list(signals.values()))
    base = _output(x, RATE, "naive")
    for rate, methods in RATES.items():
        wanted, given = _at(base, rate), _at(x, rate)
        columns = {method: _decibels(_output(given, rate, method), wanted) for method in methods}
        rows = [
            [name, *(float(found[i]) for found in columns.values())]
            for i, name in enumerate(signals)
        ]
        title = f"Signal to error, dB, of a model of 44.1 kHz at {rate / 1000:g} kHz"
        report.table(title, ["sound", *columns], rows)


def _output(x: np.ndarray, rate: int, method: str) -> np.ndarray:
    options = METHODS[method] | {"sample_rate": rate, "dtype": "float64"}
    return wb.read_model("diode_clipper", **options)(x).numpy()


def _at(x: np.ndarray, rate: int) -> np.ndarray:
    return wb.resample(x, orig_rate=RATE, target_rate=rate).numpy()


def _decibels(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    error = np.sum((found - wanted)[:, EDGE:-EDGE] ** 2, axis=1)
    return 10 * np.log10(np.sum(wanted[:, EDGE:-EDGE] ** 2, axis=1) / error)
