"""StableHLO (`.mlir`): what compilers for accelerators take (XLA, IREE), for one size of signal."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.errors import ExportError
from workbench.exports.freezing import frozen
from workbench.exports.subject import Subject
from workbench.exports.target import Run, Target, stacked

_MARK = "// workbench.design: "


class StableHLO(Target):
    """The program in text, its weights in it, for signals of one size.

    TensorFlow lowers a graph to XLA's form for known sizes alone, and so a file takes signals of
    the size that it was written for.
    """

    format, title, suffix = "stablehlo", "StableHLO", ".mlir"
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
            said = (str(error).strip().splitlines() or ["no reason"])[0][:200]
            raise ExportError("the model", "be compiled by XLA", said) from error
        path.write_text(f"{_MARK}{design}\n{_text(lowered)}", encoding="utf-8")

    def load(self, path: Path) -> Run:
        """The program compiled by jaxlib for the CPU."""
        import jax

        jax.config.update("jax_platforms", jax.config.jax_platforms or "cpu")
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
        copies: list[Any] = []

        def see(op: Any) -> Any:
            if op.name == "mhlo.copy":  # put on what was a variable; it does nothing
                copies.append(op)
            return ir.WalkResult.ADVANCE

        module.operation.walk(see)
        for op in copies:
            op.results[0].replace_all_uses_with(op.operands[0])
            op.erase()
        kept = ("mhlo.num_partitions", "mhlo.num_replicas")
        for name in [str(a if isinstance(a, str) else a.name) for a in module.operation.attributes]:
            if name.startswith("mhlo.") and name not in kept:
                del module.operation.attributes[name]
        module.operation.verify()
        return str(module.operation.get_asm(large_elements_limit=None))


def _compiled(text: str, device: Any) -> Any:
    from jax._src import compiler
    from jax._src.interpreters import mlir
    from jaxlib import _jax
    from jaxlib.mlir import ir

    options = compiler.get_compile_options(num_replicas=1, num_partitions=1)
    with mlir.make_ir_context():
        module = ir.Module.parse(text)
        return device.client.compile_and_load(module, _jax.DeviceList((device,)), options)
