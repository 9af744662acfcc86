"""The front door: a layer or chain becomes a file that was checked against it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import tensorflow as tf

from workbench.errors import ExportError, ParameterError, ParameterTypeError, naming
from workbench.exports.check import compared, length_for, signals
from workbench.exports.design import design_of
from workbench.exports.forms import form_for
from workbench.exports.keras_file import KerasFile
from workbench.exports.litert import LiteRT
from workbench.exports.onnx_file import ONNX
from workbench.exports.quiet import quiet
from workbench.exports.report import Report
from workbench.exports.saved_model import SavedModel
from workbench.exports.stablehlo import StableHLO
from workbench.exports.subject import Subject, checked_signal, subject_of
from workbench.exports.target import Run, Target, first_line, stacked

TARGETS: Mapping[str, Target] = {
    target.format: target for target in (KerasFile(), SavedModel(), LiteRT(), ONNX(), StableHLO())
}
_REPEATS = 5


def export(
    model: Any, path: str | os.PathLike[str], *, check: Any = None, format: str | None = None
) -> Report:
    """Writes a chain, a model or a layer to a file, and checks the file against it.

    Formats, by the end of the name: `.keras` (Keras), `.tflite` (LiteRT, built-in operations only),
    `.onnx`, `.mlir` (StableHLO), none (the folder of a SavedModel). Layers are switched to forms
    that the target can hold; the model itself stays as it is. The file is written elsewhere, read
    by the target's own runtime, run on signals of several lengths and on silence, and compared with
    the model; only then it takes its place. Where anything fails no file is left, and one that was
    there before stays.

    Signals of any length go in, and any number of rows, but for StableHLO (those of `check` alone)
    and loops over time in LiteRT (one row). LiteRT and ONNX have no complex numbers: those of an
    `STFT` at the end, or of an `InverseSTFT` at the beginning, are real ones with a last axis of
    two, the real and the imaginary part. Layers do what they do outside of training.

    Args:
        model: The chain, model or layer.
        path: The file; a folder for a SavedModel.
        check: A signal as it will come, `[batch, time]` or `[batch, time, channels]`, or a clip.
            None: noise of the form that the model takes.
        format: "keras", "saved_model", "litert", "onnx" or "stablehlo". None: by the name.

    Returns:
        What was written: size, error, speed, operations, and what was switched.

    Raises:
        ExportError: The target can't hold a layer, a package is missing, or the file gives other
            numbers than the model.
        ParameterError, ParameterTypeError: An argument is none of these.

    >>> import workbench as wb
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = wb.export(wb.layers.Saturate(), f"{folder}/saturate.keras")
    >>> report.error_db <= -100
    True
    """
    steps = export_steps(model, path, check=check, format=format)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast(Report, end.value)


def export_steps(
    model: Any, path: str | os.PathLike[str], *, check: Any = None, format: str | None = None
) -> Generator[str, None, Report]:
    """`export` step by step: says what comes next, then does it; returns the report.

    Where it is closed before its end no file is left, and one that was there before stays. One
    export at a time runs in a process: another waits in its first step.

    >>> import workbench as wb
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     next(export_steps(wb.layers.Saturate(), f"{folder}/saturate.keras"))
    'Looking through the layers'
    """
    with naming("export"):
        target, place = target_of(path, format), Path(path)
        yield "Looking through the layers"
        target.require()
        signal = checked_signal(check)
        subject = subject_of(model, signal)
        if not target.any_length:
            _fix_sizes(subject, signal)
        subject(next(signals(subject, signal, target.any_length)))  # builds what is not built
        with tempfile.TemporaryDirectory(dir=_folder_of(place), prefix=".workbench-") as folder:
            written = Path(folder) / f"made{target.suffix}"
            with quiet():
                made = form_for(subject, target)
                yield f"Writing {target.title}"
                with _precise(target):
                    target.write(made, design_of(subject, made.switched), written)
                yield "Reading it again"
                report = yield from _report(subject, made, target, written, place, signal)
            _move(written, place)
    return report


def exported_design(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The design that an exported file brings along; nothing of it is run.

    Raises:
        ParameterError: It has none.
    """
    with naming("exported_design"):
        target = target_of(path, None)
        target.require()
        found = target.design(Path(path))
        if found is None:
            raise ParameterError("path", "be a file that workbench has exported", str(path))
        design = json.loads(found)
        return dict(design)


def target_of(path: str | os.PathLike[str], format: str | None) -> Target:
    """The kind of file that a format says, or else the end of a name.

    Raises:
        ParameterError, ParameterTypeError: There is none.
    """
    if not isinstance(path, str | os.PathLike):
        raise ParameterTypeError("path", "be a path", type(path).__name__)
    if format is not None:
        if format not in TARGETS:
            raise ParameterError("format", f"be one of {', '.join(TARGETS)}", repr(format))
        return TARGETS[format]
    suffix = Path(path).suffix
    for target in TARGETS.values():
        if target.suffix == suffix:
            return target
    endings = ", ".join(target.suffix for target in TARGETS.values() if target.suffix)
    raise ParameterError("path", f"end in {endings}, or be a folder", str(path), "Or give format=.")


def _folder_of(place: Path) -> Path:
    if not place.parent.is_dir():
        raise ParameterError("path", "lie in a folder that there is", str(place))
    return place.parent


@contextlib.contextmanager
def _precise(target: Target) -> Iterator[None]:
    """Products as they are: their split forms are for TensorFlow on a GPU, which rounds factors."""
    allowed = tf.config.experimental.tensor_float_32_execution_enabled()
    if not target.by_tensorflow:
        tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(allowed)


def _fix_sizes(subject: Subject, check: np.ndarray | None) -> None:
    length = length_for(subject, check)
    rows = 1 if check is None else check.shape[0]
    shape = subject.spec(batch=rows, length=length).shape.as_list()
    subject.shape = tuple(rows if n is None else n for n in shape)


def _report(
    subject: Subject,
    made: Subject,
    target: Target,
    written: Path,
    place: Path,
    check: np.ndarray | None,
) -> Generator[str, None, Report]:
    try:
        run, ops = target.load(written), target.ops(written)
    except Exception as error:  # each runtime has its own
        rule = "be one that its runtime reads"
        raise ExportError(f"the file in {target.title}", rule, first_line(str(error))) from error
    found = yield from compared(subject, target, run, check)
    yield "Measuring its speed"
    first = next(signals(subject, check, target.any_length))
    seconds = _seconds(run, first if target.has_complex else stacked(first))
    rate, length = subject.rate, first.shape[subject.time]
    return Report(
        target=target.title,
        path=place,
        size_bytes=_size(written),
        error_db=found.error_db,
        own_db=found.own_db,
        milliseconds_per_second=None if rate is None else 1e3 * seconds * rate / length,
        milliseconds=1e3 * seconds,
        signals=found.signals,
        lengths=found.lengths,
        given=made.shape,
        result=found.result,
        ops=dict(ops.most_common()),
        switched=tuple(made.switched),
    )


def _seconds(run: Run, x: np.ndarray) -> float:
    """The shortest of some runs."""
    found = []
    for _ in range(_REPEATS):
        begun = time.perf_counter()
        run(x)
        found.append(time.perf_counter() - begun)
    return min(found)


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)


def _move(written: Path, place: Path) -> None:
    """Puts a file or folder where it belongs; what was there goes only then.

    Raises:
        ExportError: There is something of another kind.
    """
    if written.is_file():
        if place.is_dir():
            raise ExportError("path", "be a file", f"the folder {place}")
        os.replace(written, place)
        return
    if place.exists() and not (place / "saved_model.pb").is_file():
        raise ExportError("path", "be free, or an older SavedModel", str(place))
    old = written.with_name("old")
    if place.exists():
        os.replace(place, old)
    try:
        os.replace(written, place)
    except OSError:
        if old.exists():
            os.replace(old, place)
        raise
    shutil.rmtree(old, ignore_errors=True)
