"""Writes a page for each op, from its declaration: `make docs` calls it before it builds.

What is said there is what the op says of itself; the rows of `parity.md` and `export.md` say how
near it and its files come to others.
"""

import inspect
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np

import workbench as wb
from workbench import layers
from workbench.core.presets import libraries
from workbench.dashboards.controllers.chain_editor import needed
from workbench.ops import registry
from workbench.params import Declared
from workbench.specification import Op

HERE = Path(__file__).parent
CLIP = "speech"
SUBJECTS = {
    "Rates, times and delays": (
        "resample", "resample_at", "fractional_delay", "modulated_delay",
    ),
    "Spectra": (
        "stft", "inverse_stft", "spectrogram", "phase", "instantaneous_frequency", "griffin_lim",
    ),
    "Features": (
        "mel_spectrogram", "log_mel_spectrogram", "decibels", "pcen", "mfcc", "delta",
    ),
    "Levels, lengths and augmentation": (
        "normalize", "standardize", "saturate", "fit_length", "spec_augment",
    ),
    "Test signals": ("chirp", "impulse", "noise", "plucked_string", "siren", "tone"),
}  # fmt: skip
ERRORS = ". [Errors](../parity.md) are relative: float32 / float64, unless said otherwise."
INTRODUCTION = (
    "Each is a function on tensors and has a dashboard; what takes one signal, and only that, is a "
    "Keras layer too."
)
# What an op that works on frames is shown after.
BEFORE = {
    "inverse_stft": ("STFT",),
    "griffin_lim": ("Spectrogram",),
    "decibels": ("MelSpectrogram",),
    "pcen": ("MelSpectrogram",),
    "delta": ("MFCC",),
    "spec_augment": ("LogMelSpectrogram",),
    "standardize": ("LogMelSpectrogram",),
}


@dataclass(frozen=True)
class Text:
    """The parts of an op's docstring."""

    summary: str
    body: str
    returns: str
    raises: str
    source: str
    example: str


def main(to: Path = HERE / "ops") -> None:
    """Writes all pages, their pictures and their index."""
    to.mkdir(exist_ok=True)
    known = registry()
    wanted = [name for names in SUBJECTS.values() for name in names]
    if sorted(wanted) != sorted(known):
        raise ValueError(f"SUBJECTS and the registry differ by {set(wanted) ^ set(known)}.")
    parity, exported = parity_rows(), export_rows()
    for name in wanted:
        picture(known[name], to / f"{name}.png")
        (to / f"{name}.md").write_text(page(known[name], parity, exported), encoding="utf-8")
    (to / "index.md").write_text(index(known), encoding="utf-8")


def index(known: dict[str, Op]) -> str:
    """The list of all ops, subject by subject."""
    parts = ["# The ops", INTRODUCTION]
    for subject, names in SUBJECTS.items():
        rows = [[f"[`{name}`]({name}.md)", read(known[name]).summary] for name in names]
        parts += [f"## {subject}", table(("op", "what it does"), rows)]
    parts.append("```{toctree}\n:hidden:\n\n" + "\n".join(sum(SUBJECTS.values(), ())) + "\n```")
    return "\n\n".join(parts) + "\n"


def page(op: Op, parity: dict[str, str], exported: dict[str, dict[str, str]]) -> str:
    """The page of an op, in MyST Markdown."""
    text = read(op)
    every = list(op.parameters.values())
    daily = [d for d in every if not d.param.detail]
    rare = [d for d in every if d.param.detail]
    parts = [
        f"# {op.name}",
        text.summary,
        f"![{op.name}: {text.summary}]({op.name}.png)",
        text.body,
        f"## Call\n\n```python\n{call(op)}\n```",
        *said("Returns", text.returns),
        *said("Raises", text.raises),
        f"## Parameters\n\n{parameter_table(daily)}",
        *([f"### Rarely changed\n\n{parameter_table(rare)}"] if rare else []),
        *([presets] if (presets := preset_table(op)) else []),
        f"## How near to others\n\n{parity[op.name]}{ERRORS}",
        f"## What holds\n\n{facts(op, exported)}",
        *([f"## Example\n\n```pycon\n{text.example}\n```"] if text.example else []),
        f"## Source\n\n{text.source}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def read(op: Op) -> Text:
    """An op's docstring in its parts."""
    text = inspect.cleandoc(op.function.__doc__ or "")
    text, mark, example = text.partition("\n>>> ")
    text, _, source = text.partition("\nSource: ")
    text, _, raises = text.partition("\nRaises:\n")
    text, _, returns = text.partition("\nReturns:\n")
    summary, _, body = text.partition("\n\n")
    flat = " ".join
    return Text(
        flat(summary.split()), body.strip(), inspect.cleandoc(returns), inspect.cleandoc(raises),
        flat(source.split()), (mark + example).strip(),
    )  # fmt: skip


def said(title: str, text: str) -> list[str]:
    """A section of the docstring under its title, or nothing."""
    return [f"**{title}** {' '.join(text.split())}"] if text else []


def call(op: Op) -> str:
    """The call with all that is needed, and the defaults of what is in daily use."""
    given = [*(["signal"] if op.takes else []), *op.operands]
    for d in op.parameters.values():
        if d.required:
            given.append(f"{d.name}=...")
        elif not d.param.detail:
            given.append(f"{d.name}={d.default!r}")
    lines = ",\n    ".join(given)
    return f"wb.{op.name}(\n    {lines},\n)"


def parameter_table(declared: Iterable[Declared]) -> str:
    """What is declared of each parameter."""
    rows = [
        [
            f"`{d.name}`",
            "needed" if d.required else f"`{d.default!r}`",
            d.rule[0].upper() + d.rule[1:],
            "yes" * d.param.differentiable,
            d.param.doc,
        ]
        for d in declared
    ]
    return table(("name", "default", "must be", "gradient", "meaning"), rows)


def preset_table(op: Op) -> str:
    """The parameters with which the op does what other libraries do by default."""
    names = libraries(op.name)
    if not names:
        return ""
    values = {name: wb.preset(op.name, name) for name in names}
    keys = [key for key in op.parameters if any(key in preset for preset in values.values())]
    rows = [[f"`{k}`", *(code(v[k]) if k in v else "" for v in values.values())] for k in keys]
    how = f'`wb.{op.name}(..., **wb.preset("{op.name}", "{names[0]}"))`'
    at = " at 16 kHz" if "kaldi" in names else ""
    text = f"What reproduces their defaults{at}; what is not listed stays as it is here. {how}"
    return f"## Presets\n\n{text}\n\n{table(('', *names), rows)}"


def facts(op: Op, exported: dict[str, dict[str, str]]) -> str:
    """What the declaration promises, which tests hold every op to."""
    lines = []
    if op.takes:
        slopes = [f"`{d.name}`" for d in op.parameters.values() if d.param.differentiable]
        slopes = [*(f"`{name}`" for name in op.operands), *slopes]
        by = "the signal" + (", " + ", ".join(slopes) if slopes else "")
        lines.append(f"Exact gradients by {by}; finite at silence.")
        if op.linear:
            lines.append("Linear in the signal: its gradient is the adjoint.")
        streams = "streams chunk by chunk with `wb.Stream`" if op.reach_rule else "does not stream"
        lines.append(f"It {streams}.")
        if not op.operands:
            kind = layers.layer_of(op).__name__
            lines.append(f"As a Keras layer: `wb.layers.{kind}`.")
            lines.append(exports(exported[kind]))
        lines.append(
            "`axis=` says where time is; with `lengths=` a padded row equals the row alone."
        )
    lines.append("float64 stays float64; half precision is computed in float32.")
    return "\n".join(f"- {line}" for line in lines)


def exports(errors: dict[str, str]) -> str:
    """What a layer is exported to, and how near to the layer each file comes."""
    said = {target: "exact" if e == "0" else f"{e} dB" for target, e in errors.items() if e != "no"}
    files = ", ".join(f"{target} ({error})" for target, error in said.items())
    not_to = ", ".join(target for target, error in errors.items() if error == "no")
    lacking = f" Not as it is here to {not_to}." if not_to else ""
    return (
        f"Exported to {files}, the error in brackets.{lacking} [What can't be](../export.md), and "
        "why."
    )


def picture(op: Op, path: Path) -> None:
    """What the op makes of a clip, as its dashboard prints it."""
    figure = wb.explore(stages(op), heard(op), gradient="").figure()
    figure.savefig(path, dpi=110, bbox_inches="tight")
    plt.close(figure)


def stages(op: Op) -> list[Any]:
    """The layers of the picture: the op's own, behind what it works on; or a spectrogram."""
    own = layers.layer_of(op).__name__ if op.takes and not op.operands else "Spectrogram"
    kinds = [getattr(layers, kind) for kind in (*BEFORE.get(op.name, ()), own)]
    return [kind(**needed(kind)) for kind in kinds]


def heard(op: Op) -> Any:
    """The sound of the picture: what the op makes of nothing or of reading times, or a clip."""
    if not op.takes:
        return getattr(wb, op.name)
    if not op.operands:
        return CLIP
    clip = wb.clip(CLIP)
    time = np.arange(clip.signal.shape[-1])
    vibrato = time + 40 * np.sin(2 * np.pi * 5 * time / clip.sample_rate)
    return wb.resample_at(clip.signal, vibrato), clip.sample_rate


def parity_rows() -> dict[str, str]:
    """How near each op comes to others, by the table of `parity.md`."""
    text = (HERE / "parity.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE)
    return {name: said.replace("](", "](../") for name, said in rows}


def export_rows() -> dict[str, dict[str, str]]:
    """Each layer's worst error in dB by target, or "no", by the table of `export.md`."""
    _, text = (HERE / "export.md").read_text(encoding="utf-8").split("<!-- table -->")
    text, _ = text.split("<!-- end of the table -->")
    rows = [line.strip("| ").split(" | ") for line in text.strip().splitlines()]
    targets = rows[0][1:]
    return {row[0].strip("`"): dict(zip(targets, row[1:], strict=True)) for row in rows[2:]}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def code(value: Any) -> str:
    """A value as code."""
    return f"`{value!r}`"
