"""SavedModel: TensorFlow's graphs, for TensorFlow without this package."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import tensorflow as tf

from workbench.exports.subject import Subject
from workbench.exports.target import Run, Target, stacked

DESIGN = "assets.extra/workbench.json"  # TensorFlow leaves this folder to others


class SavedModel(Target):
    """A folder with a graph and its variables."""

    format, title, suffix = "saved_model", "a SavedModel", ""
    purpose = "TensorFlow without this package, TF Serving"
    has_compiled_loops = by_tensorflow = True

    def write(self, subject: Subject, design: str, path: Path) -> None:
        """Saves the layer as the default signature, and as `serve`."""
        module = tf.Module()
        module.model = subject.model  # keeps the variables
        module.serve = tf.function(subject, input_signature=[subject.spec()], autograph=False)
        signatures = {"serving_default": module.serve}
        tf.saved_model.save(module, str(path), signatures=signatures)
        beside = path / DESIGN
        beside.parent.mkdir(exist_ok=True)
        beside.write_text(design, encoding="utf-8")

    def load(self, path: Path) -> Run:
        """The default signature."""
        loaded = tf.saved_model.load(str(path))
        signature = loaded.signatures["serving_default"]
        (name,) = signature.structured_input_signature[1]

        def run(x: np.ndarray, loaded: object = loaded) -> np.ndarray:  # dies without its module
            (made,) = signature(**{name: tf.constant(x)}).values()
            return stacked(made)

        return run

    def ops(self, path: Path) -> Counter[str]:
        """Those of its default signature, and of the functions that this calls."""
        loaded = tf.saved_model.load(str(path))
        graph = loaded.signatures["serving_default"].graph.as_graph_def()
        nodes = [node.op for function in graph.library.function for node in function.node_def]
        return Counter(node for node in nodes if node not in ("Identity", "NoOp", "Const"))

    def design(self, path: Path) -> str | None:
        """What lies beside the graph."""
        beside = path / DESIGN
        return beside.read_text(encoding="utf-8") if beside.is_file() else None
