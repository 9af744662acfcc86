"""LiteRT (`.tflite`): phones, browsers and microcontrollers; built-in operations only."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from workbench.errors import ExportError
from workbench.exports.freezing import frozen
from workbench.exports.subject import Subject
from workbench.exports.target import Run, Target, first_line, named_in

_KEY = "workbench.design"


class LiteRT(Target):
    """A flat buffer that an interpreter of a few hundred kilobytes runs."""

    format, title, suffix = "litert", "LiteRT", ".tflite"
    purpose = "phones, browsers, small boards"
    packages = {"ai_edge_litert.interpreter": "ai-edge-litert"}  # noqa: RUF012
    has_complex = has_doubles = has_random = False

    def write(self, subject: Subject, design: str, path: Path) -> None:
        """Converts with rows of any number, or one row where a loop over time asks for it."""
        one_row = any(isinstance(layer, keras.layers.RNN) for layer in subject.layers)
        if one_row:
            subject.switched.append(
                "one row at a time: a loop over time has a fixed number of them"
            )
        converted = _converted(subject, subject.spec(batch=1 if one_row else None))
        path.write_bytes(_with_design(converted, design))

    def load(self, path: Path) -> Run:
        """The file in LiteRT's interpreter, without TensorFlow's operations."""
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_path=str(path))
        (given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
        one_row = given["shape_signature"][0] == 1

        def run(x: np.ndarray) -> np.ndarray:
            rows = [x[i : i + 1] for i in range(len(x))] if one_row else [x]
            return np.concatenate([alone(row) for row in rows])

        def alone(x: np.ndarray) -> np.ndarray:
            interpreter.resize_tensor_input(given["index"], x.shape)
            interpreter.allocate_tensors()
            interpreter.set_tensor(given["index"], x)
            interpreter.invoke()
            return np.array(interpreter.get_tensor(made["index"]))

        return run

    def ops(self, path: Path) -> Counter[str]:
        """The operators of all graphs in it."""
        from tensorflow.lite.python import schema_py_generated as schema

        names = {
            code: name
            for name, code in vars(schema.BuiltinOperator).items()
            if isinstance(code, int)
        }
        model = _object(path.read_bytes())
        codes = [names[code.builtinCode] for code in model.operatorCodes]
        return Counter(codes[op.opcodeIndex] for g in model.subgraphs for op in g.operators or ())

    def design(self, path: Path) -> str | None:
        """The entry of the file's metadata."""
        model = _object(path.read_bytes())
        for entry in model.metadata or ():
            if entry.name.decode() == _KEY:
                return bytes(model.buffers[entry.buffer].data).decode("utf-8")
        return None


def _converted(subject: Subject, spec: tf.TensorSpec) -> bytes:
    graph = frozen(subject, spec)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    try:
        return bytes(converter.convert())
    except Exception as error:  # the converter's own class is not public
        raise _refusal(subject, str(error), graph.graph.as_graph_def()) from error


def _refusal(subject: Subject, said: str, graph: Any) -> ExportError:
    """What the converter has said of operations, and of which layer they are."""
    listed = re.findall(r"TF Select ops: (.*)", said) + re.findall(r"'tf\.(\w+)' op", said)
    ops = {op for line in listed for op in line.split(", ")}
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    of = named_in(" ".join(node.name for node in nodes if node.op in ops), subject)
    rule = "be made of LiteRT's built-in operations"
    return ExportError(of, rule, ", ".join(sorted(ops)) or first_line(said))


def _object(content: bytes) -> Any:
    from tensorflow.lite.tools import flatbuffer_utils

    return flatbuffer_utils.convert_bytearray_to_object(bytearray(content))


def _with_design(content: bytes, design: str) -> bytes:
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = _object(content)
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(design.encode("utf-8"), np.uint8)
    entry.name, entry.buffer = _KEY, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or ()), entry]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
