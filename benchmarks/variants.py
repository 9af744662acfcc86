"""The same live page made in three ways: nothing to do, `interact` with pyplot, the workbench."""

from dataclasses import dataclass

from workbench.core.mel import log_mel_spectrogram
from workbench.dashboards.controls.numbers import slider_range
from workbench.ops import declared

LOWEST, HIGHEST = -20.0, 40.0  # dB, the slider's range
BITS, SQUARE = 10, 8  # of the bar code that says which value a picture shows, in its corner
PAD = 10  # white pixels that the notebook's pyplot puts around a picture, 0.1 inch
_WIDTH = 700  # CSS pixels of the slider
_FEWEST, _MOST = map(float, slider_range(declared(log_mel_spectrogram)["num_mel_bins"]))


@dataclass(frozen=True)
class Variant:
    """A page to measure: its cells, where its slider is, how to see what it draws, how to push.

    `push` is code that sets the slider to `value` in the kernel, as a loop in a cell would.
    """

    name: str
    cells: tuple[str, ...]
    slider: str
    watch: str
    push: str
    changes: int = 60
    origin: float = 0.0  # the value where the slider's own scale is 0, and the value of its unit
    step: float = 1.0
    lowest: float = LOWEST
    highest: float = HIGHEST


_CHAIN = """
import numpy as np
import workbench as wb

layers = [
    wb.layers.Saturate(drive_db=0.0),
    wb.layers.LogMelSpectrogram(frame_length=1024, frame_step=480, num_mel_bins=128),
]
chain = wb.Chain(layers, sample_rate=48000)
signal = wb.siren(sample_rate=48000, seconds=10.0)
"""

_FLOOR = f"""
import ipywidgets as widgets

slider = widgets.FloatSlider(
    min={LOWEST}, max={HIGHEST}, step=0.1, value=0, layout=dict(width="{_WIDTH}px")
)
label = widgets.Label("0.0").add_class("measured")
slider.observe(lambda change: setattr(label, "value", f"{{change.new:.1f}}"), "value")
widgets.VBox([slider, label])
"""

_RIVAL = f"""
import ipywidgets as widgets
import matplotlib.pyplot as plt

batch = signal[None]

def envelope(axes, samples, title):
    columns = np.asarray(samples)[0][: samples.shape[1] // 1000 * 1000].reshape(1000, -1)
    axes.fill_between(np.linspace(0, 10, 1000), columns.min(1), columns.max(1))
    axes.set(title=title, xlabel="time (s)", xlim=(0, 10))

def spectrogram(figure, axes, levels):
    levels, extent = np.asarray(levels)[0].T, (0, 10, 0, 128)
    image = axes.imshow(levels, extent=extent, aspect="auto", origin="lower", cmap="magma")
    axes.set(title="log-mel spectrogram", xlabel="time (s)", ylabel="mel band")
    figure.colorbar(image, ax=axes, label="dB")

def bar_code(figure, drive_db):
    bits = f"{{round((drive_db - {LOWEST}) * 10):0{BITS}b}}"
    size = [{BITS * SQUARE} / 1000, {SQUARE} / 600]
    axes = figure.add_axes([0, 1 - size[1], *size])
    axes.imshow([[int(bit) for bit in bits]], aspect="auto", cmap="gray", vmin=0, vmax=1)
    axes.axis("off")

def picture(drive_db):
    chain.set(0, drive_db=drive_db)
    gradients = chain.gradients(batch)
    figure, axes = plt.subplots(3, 1, figsize=(10, 6), dpi=100, layout="constrained")
    envelope(axes[0], gradients.outputs[1], "waveform")
    spectrogram(figure, axes[1], gradients.outputs[-1])
    envelope(axes[2], gradients.signal, "gradient")
    bar_code(figure, drive_db)
    plt.show()

slider = widgets.FloatSlider(
    min={LOWEST}, max={HIGHEST}, step=0.1, value=0, layout=dict(width="{_WIDTH}px")
)
widgets.interact(picture, drive_db=slider)
"""

_OURS = """
dashboard = wb.explore(chain, (signal, 48000))
dashboard
"""

FLOOR = Variant(
    "floor: slider to label",
    (_FLOOR,),
    ".noUi-handle",
    "probe.watchText(document.querySelector('.measured'))",
    "slider.value = value",
    100,
)
RIVAL = Variant(
    "interact + plt.show",
    (_CHAIN, _RIVAL),
    ".noUi-handle",
    "probe.watchImages(document.querySelector('.widget-interact .widget-output') ?? "
    f"document.querySelector('.widget-output'), {BITS}, {SQUARE}, {PAD}, {LOWEST})",
    "slider.value = value",
    30,
)
OURS = Variant(
    "workbench",
    (_CHAIN, _OURS),
    ".workbench-dashboard .widget-slider:has-text('drive') .noUi-handle",
    "probe.watchScope('drive_db')",
    "dashboard.set(0, drive_db=value)",
    100,
    origin=LOWEST,
    step=0.2,
)
STATIC = Variant(
    "workbench, eager: mel bands",
    (_CHAIN, _OURS),
    ".workbench-dashboard .widget-slider:has-text('num mel bins') .noUi-handle",
    "probe.watchScope('num_mel_bins')",
    "dashboard.set(1, num_mel_bins=value)",
    60,
    origin=_FEWEST,
    lowest=_FEWEST,
    highest=_MOST,  # beyond its end a slider does not move
)
