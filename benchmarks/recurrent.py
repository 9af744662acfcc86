"""Speed of the recurrent layers: one sequence, 40 units, 1 s at 48 kHz, beside Keras' own."""

import keras
import tensorflow as tf

import workbench as wb
from benchmarks.report import Report
from benchmarks.timing import fastest

UNITS, RATE, SHORT = 40, 48000, 4800  # Keras' own loop is timed on a tenth of a second
KINDS = {
    "LSTM": wb.layers.RateIndependentLSTM,
    "GRU": wb.layers.RateIndependentGRU,
    "SimpleRNN": wb.layers.RateIndependentSimpleRNN,
}
DEADLINE = 80.0  # ms, for one second of sound


def main(report: Report) -> None:
    """Print both tables."""
    second = tf.random.stateless_normal([1, RATE, 1], (1, 2))
    rows, steps = [], []
    for name, kind in KINDS.items():
        plain = getattr(keras.layers, name)(UNITS, return_sequences=True)
        plain.build((None, None, 1))
        found = _milliseconds(kind, plain, second)
        rows.append([name, *found.values()])
        if name == "LSTM":
            report.target("LSTM-40, 44.1 -> 48 kHz, 1 s", found["cubic"], "<=", DEADLINE, "ms")
        found = _microseconds_a_step(kind, plain, second[:, :SHORT])
        steps.append([name, *found.values()])
        for ratio in (1, 2, 3, 4):
            slower = found[f"ratio {ratio}"] / found["Keras"]
            report.target(f"{name}, ratio {ratio}, time a step", slower, "<=", 1, "x Keras")
    report.table(
        "1 s at 48 kHz, one sequence, 40 units, ms",
        ["layer", "trained at 44.1 kHz, cubic", "lagrange 5", "with gradients", "16 sequences"],
        rows,
    )
    head = ["layer", *(f"trained at {RATE // r / 1000:g} kHz" for r in (1, 2, 3, 4))]
    head += ["Keras' own", "Keras' own by XLA"]
    report.table("Whole ratios: microseconds a step of one sequence at 48 kHz", head, steps)


def _milliseconds(kind: type, plain: keras.layers.RNN, x: tf.Tensor) -> dict[str, float]:
    """Milliseconds for one second of sound."""
    rates = {"training_rate": 44100, "sample_rate": RATE}
    cubic = kind.from_layer(plain, **rates)
    fifth = kind.from_layer(plain, interpolation="lagrange", order=5, **rates)
    many = tf.repeat(x, 16, axis=0)

    def learn() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(cubic(x)))
        return [one.numpy() for one in tape.gradient(loss, cubic.trainable_weights)]

    runs = {"cubic": lambda: cubic(x).numpy(), "fifth": lambda: fifth(x).numpy()}
    return fastest(runs | {"learn": learn, "many": lambda: cubic(many).numpy()}, 8)


def _microseconds_a_step(kind: type, plain: keras.layers.RNN, x: tf.Tensor) -> dict[str, float]:
    """Microseconds for each step of a sound."""
    runs = {}
    for ratio in (1, 2, 3, 4):
        made = kind.from_layer(plain, training_rate=RATE / ratio, sample_rate=RATE)
        runs[f"ratio {ratio}"] = lambda made=made: made(x).numpy()
    graphs = {"Keras": tf.function(plain), "Keras by XLA": tf.function(plain, jit_compile=True)}
    runs |= {name: lambda graph=graph: graph(x).numpy() for name, graph in graphs.items()}
    return {name: 1e3 * found / x.shape[1] for name, found in fastest(runs, 8).items()}
