"""StableHLO (`.mlir`): what compilers for accelerators take (XLA, IREE), for one size of signal."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.errors import ExportError
from workbench.exports.freezing import frozen
from workbench.exports.subject import Subject
from workbench.exports.target import Run, Target, first_line, named_in, stacked

_MARK = "// workbench.design: "
_PRODUCTS = ("stablehlo.dot_general", "stablehlo.dot", "stablehlo.convolution")
_KEPT = ("mhlo.num_partitions", "mhlo.num_replicas")


class StableHLO(Target):
    """The program in text, its weights in it, for signals of one size.

    TensorFlow lowers a graph to XLA's form for known sizes alone, and so a file takes signals of
    the size that it was written for.
    """

    format, title, suffix = "stablehlo", "StableHLO", ".mlir"
    purpose = "compilers for accelerators (XLA, IREE), for one size of signal"
    packages = {"jaxlib": "jaxlib", "jax": "jax"}  # noqa: RUF012
    any_length = False

    def write(self, subject: Subject, design: str, path: Path) -> None:
        """Lowers the graph for the sizes of the subject, which are all known."""
        spec = subject.spec()
        constant = frozen(subject, spec)
        function = tf.function(lambda x: constant(x)[0], jit_compile=True, autograph=False)
        try:
            lowered = function.experimental_get_compiler_ir(spec)(stage="hlo_serialized")
        except (tf.errors.OpError, ValueError, TypeError) as error:
            of = named_in(str(error), subject)
            raise ExportError(of, "be compiled by XLA", first_line(str(error))) from error
        path.write_text(f"{_MARK}{design}\n{_text(lowered)}", encoding="utf-8")

    def load(self, path: Path) -> Run:
        """The program compiled by jaxlib for the CPU."""
        fresh = "jax" not in sys.modules
        import jax

        if fresh:  # or it would take most of a GPU's memory for itself
            jax.config.update("jax_platforms", "cpu")
        device = jax.devices("cpu")[0]
        program = _compiled(path.read_text(encoding="utf-8"), device)

        def run(x: np.ndarray) -> np.ndarray:
            with jax.enable_x64(True):
                made = program.execute_sharded([jax.device_put(x, device)])
            (result,) = made.disassemble_into_single_device_arrays()
            return stacked(np.asarray(result[0]))

        return run

    def ops(self, path: Path) -> Counter[str]:
        """The operations of its functions."""
        text = path.read_text(encoding="utf-8")
        found = re.findall(r"\bstablehlo\.([a-z_]+)\b", re.sub(r'"[^"]*"', "", text))
        return Counter(name for name in found if name != "constant")

    def design(self, path: Path) -> str | None:
        """The comment in its first line."""
        with path.open(encoding="utf-8") as lines:
            first = next(lines, "")
        return first.removeprefix(_MARK).strip() if first.startswith(_MARK) else None


def _text(lowered: bytes) -> str:
    """XLA's form as a StableHLO module, without what only TensorFlow's own compiler knows."""
    from jax._src.interpreters import mlir
    from jaxlib import _jax
    from jaxlib.mlir import ir

    with mlir.make_ir_context():
        module = ir.Module.parse(_jax.mlir.hlo_to_stablehlo(lowered))
        operation, copies = module.operation, []
        full = "#stablehlo<precision HIGHEST>"
        precision = ir.Attribute.parse(f"[{full}, {full}]")

        def see(op: Any) -> Any:
            if op.name == "mhlo.copy":  # put on what was a variable; it does nothing
                copies.append(op)
            if op.name in _PRODUCTS:  # or accelerators round the factors
                op.attributes["precision_config"] = precision
            return ir.WalkResult.ADVANCE

        operation.walk(see)
        for op in copies:
            op.results[0].replace_all_uses_with(op.operands[0])
            op.erase()
        names = [
            attribute if isinstance(attribute, str) else attribute.name
            for attribute in operation.attributes
        ]
        for name in names:
            if name.startswith("mhlo.") and name not in _KEPT:
                del operation.attributes[name]
        operation.verify()
        return str(operation.get_asm(large_elements_limit=None))


def _compiled(text: str, device: Any) -> Any:
    from jax._src import compiler
    from jax._src.interpreters import mlir
    from jaxlib import _jax
    from jaxlib.mlir import ir

    options = compiler.get_compile_options(num_replicas=1, num_partitions=1)
    with mlir.make_ir_context():
        module = ir.Module.parse(text)
        return device.client.compile_and_load(module, _jax.DeviceList((device,)), options)
