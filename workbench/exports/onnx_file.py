"""ONNX: servers, browsers and desktop programs, through onnxruntime and others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.errors import ExportError
from workbench.exports.onnx_ops import handlers
from workbench.exports.subject import Subject
from workbench.exports.target import Run, Target, first_line, named_in

OPSET = 18
_KEY = "workbench.design"


class ONNX(Target):
    """A graph of ONNX operations."""

    format, title, suffix = "onnx", "ONNX", ".onnx"
    purpose = "servers, browsers, desktop programs"
    packages = {  # noqa: RUF012
        "onnx": "onnx",
        "tf2onnx": "tf2onnx",
        "onnxruntime": "onnxruntime",
    }
    has_complex = has_random = False

    def write(self, subject: Subject, design: str, path: Path) -> None:
        """Converts it, and checks that it is a valid file."""
        import onnx
        import tf2onnx

        function = tf.function(subject, input_signature=[subject.spec()], autograph=False)
        signature = [subject.spec()]
        try:
            model, _ = tf2onnx.convert.from_function(
                function,
                input_signature=signature,
                opset=OPSET,
                custom_op_handlers=handlers(),
            )
        except ValueError as error:  # what it says of operations without a counterpart
            raise _refusal(subject, str(error)) from error
        if foreign := _foreign(model):
            raise _refusal(subject, " ".join(foreign))
        entry = model.metadata_props.add()
        entry.key, entry.value = _KEY, design
        onnx.checker.check_model(model, full_check=False)
        path.write_bytes(model.SerializeToString())

    def load(self, path: Path) -> Run:
        """The file in onnxruntime, on the CPU."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        (given,) = session.get_inputs()
        return lambda x: np.asarray(session.run(None, {given.name: x})[0])

    def ops(self, path: Path) -> Counter[str]:
        """Those of the graph, and of the loops in it."""
        import onnx

        return Counter(node.op_type for node in _nodes(onnx.load(path).graph))

    def design(self, path: Path) -> str | None:
        """The entry of the file's properties."""
        import onnx

        props = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
        return props.get(_KEY)


def _nodes(graph: Any) -> Iterator[Any]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)


def _foreign(model: Any) -> list[str]:
    """Operations that ONNX doesn't know, each as `layer/name: operation`: tf2onnx keeps them."""
    import onnx

    known = {schema.name for schema in onnx.defs.get_all_schemas()}
    return [f"{n.name}: {n.op_type}" for n in _nodes(model.graph) if n.op_type not in known]


def _refusal(subject: Subject, said: str) -> ExportError:
    ops = ", ".join(sorted(set(re.findall(r": (\w+)\b", said))))
    rule = "be made of operations that ONNX has"
    return ExportError(named_in(said, subject), rule, ops or first_line(said))
