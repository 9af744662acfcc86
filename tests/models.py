"""Recurrent models as files hold them, with seeded weights: none of anybody's is shipped."""

import json

import numpy as np

TORCH_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
KERAS_GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1}


def _weights(rng, *shape):
    """Numbers that a float32 holds, as large as those of a trained model, as JSON has them."""
    return rng.normal(0, 0.5, shape).astype(np.float32).tolist()


def torch_model(unit_type="LSTM", *, inputs=1, units=5, levels=1, outputs=1, skip=1, seed=0):
    """`model_data` and a `state_dict` with torch's names, shapes and order of gates."""
    rng = np.random.default_rng(seed)
    wide = TORCH_GATES[unit_type] * units
    state = {}
    for level in range(levels):
        state |= {
            f"rec.weight_ih_l{level}": _weights(rng, wide, units if level else inputs),
            f"rec.weight_hh_l{level}": _weights(rng, wide, units),
            f"rec.bias_ih_l{level}": _weights(rng, wide),
            f"rec.bias_hh_l{level}": _weights(rng, wide),
        }
    state |= {"lin.weight": _weights(rng, outputs, units), "lin.bias": _weights(rng, outputs)}
    model_data = {
        "model": "SimpleRNN",
        "input_size": inputs,
        "skip": skip,
        "output_size": outputs,
        "unit_type": unit_type,
        "num_layers": levels,
        "hidden_size": units,
        "bias_fl": True,
    }
    return {"model_data": model_data, "state_dict": state}


def keras_model(*kinds, inputs=1, units=5, outputs=1, seed=0, rate="48000", **fields):
    """`in_shape` and `layers` in Keras' order: recurrent ones of these kinds, then a dense one."""
    rng = np.random.default_rng(seed)
    layers, into = [], inputs
    for kind in kinds:
        wide = KERAS_GATES[kind] * units
        bias = _weights(rng, *([2] if kind == "gru" else []), wide)
        weights = [_weights(rng, into, wide), _weights(rng, units, wide), bias]
        # Exporters leave the activation of a recurrent layer empty and mean tanh.
        layers.append(
            {"type": kind, "activation": "", "shape": [None, None, units], "weights": weights}
        )
        into = units
    weights = [_weights(rng, into, outputs), _weights(rng, outputs)]
    layers.append(
        {"type": "dense", "activation": "", "shape": [None, None, outputs], "weights": weights}
    )
    metadata = {"name": "a seeded model", "samplerate": rate}
    return {"in_shape": [None, None, inputs], "layers": layers, "metadata": metadata} | fields


def written(tree, folder, name="model.json"):
    """The path of a file that holds the tree."""
    path = folder / name
    path.write_text(json.dumps(tree), encoding="utf-8")
    return path
