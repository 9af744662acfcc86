"""Every op, and what the tests call it with: what holds for all of them is tested on these."""

import numpy as np

import workbench as wb
from workbench import layers
from workbench.ops import registry

RATE = 8000
NEEDED = {"sample_rate": RATE, "frame_rate": 31.25, "orig_rate": RATE, "target_rate": 5000}
NEEDED |= {"length": 1500, "delay": 2.4}
# more iterations magnify the rounding errors that are compared here
CALMER = {"griffin_lim": {"num_iterations": 1}}
OPERANDS = {"positions": np.linspace(-5.0, 3005.0, 603)}  # of the signals here, and beyond them
BINS = 513  # of all spectra here: the default transform
OPS = registry()
ON_SIGNALS = [op for op in OPS.values() if op.takes]
WITH_LAYER = {layer.spec.name for layer in layers.OpLayer.__subclasses__()}
LAYERED = [op for op in ON_SIGNALS if op.name in WITH_LAYER]
PARAMETERS = [(op, d) for op in OPS.values() for d in op.parameters.values()]
LEARNABLE = [(op, d) for op, d in PARAMETERS if d.param.differentiable]


def named(value):
    return getattr(value, "name", None)


def needed(op):
    """What a call must give: what is required, and what a chain or a dashboard would begin with."""
    given = {
        name: NEEDED[name]
        for name, declared in op.parameters.items()
        if declared.required or declared.param.follows or declared.param.start is not None
    }
    return given | CALMER.get(op.name, {})


def call(op, signal, **values):
    """What an op makes of a signal; with `lengths=` the pair of it and its lengths."""
    beside = {name: OPERANDS[name] for name in op.operands}
    made = getattr(wb, op.name)(signal, **(beside | needed(op) | values))
    return made[0] if op.returns_lengths and "lengths" not in values else made


def shape_of(op, rows, length):
    """As many samples, or frames of a spectrum, in each row."""
    return (rows, length) if op.takes == 1 else (rows, length, BINS)


def numbers(op, real):
    """Real numbers as the op takes them: as complex ones if so."""
    return np.asarray(real * (1 + 0.5j), f"complex{16 * real.itemsize}") if op.of_complex else real


def example(op, dtype=np.float32, rows=3, length=None, seed=0):
    """Rows whose levels lie decades apart: a leak between them would be seen."""
    rng = np.random.default_rng(seed)
    shape = shape_of(op, rows, length or (3001 if op.takes == 1 else 7))
    levels = 10.0 ** -np.arange(rows)
    signal = rng.standard_normal(shape) * levels.reshape(-1, *[1] * (len(shape) - 1))
    signal = (np.abs(signal) if op.takes == 2 else signal).astype(dtype)
    if op.of_complex:
        return signal * np.exp(2j * np.pi * rng.random(shape)).astype(numbers(op, signal).dtype)
    return signal
