"""A user who tries everything in the gallery, at random but by a seed."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Download, Locator

from benchmarks.soak_witness import NO_PICTURE
from tests.lab import Lab
from workbench import audio

PATIENCE = 90.0  # seconds until a control can be used
_CONTROLS = ".workbench-controls "
_KEYS = ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End")
_TYPED = ("0", "-1", "1.5", "-1000000000", "", "7", "256", "1e-30", "0.33")
_GIVEN_UP = "model not found"
_FILES = ("png", "svg", "csv", "npz", "wav")


class User:
    """Each of the methods in `acts` does something through the page, as a person would.

    Attributes:
        provoked: Whether the last action may have made the status line complain.
        given_up: How often a page was loaded again and ipywidgets gave up a view at first.
    """

    def __init__(self, lab: Lab, seed: int, folder: Path):
        self.lab, self.page = lab, lab.page
        self.random = random.Random(seed)
        self.provoked, self.given_up = False, 0
        self._folder = folder
        self._designs: list[Path] = []
        self._sounds = _sounds(folder)
        self.acts: dict[Callable[[], str], float] = {
            self.slider_keys: 10, self.slider_drag: 6, self.choose: 8, self.check: 5,
            self.type_number: 8, self.unfold: 3, self.choose_source: 3, self.upload: 1.5,
            self.type_path: 1, self.figure_keys: 5, self.figure_mouse: 6, self.select: 3,
            self.listen: 3, self.button: 8, self.history_keys: 2, self.save: 1, self.load: 2,
            self.download: 1, self.tool: 7, self.open: 3, self.theme: 0.5, self.resize: 0.7,
            self.render_again: 0.5,
        }  # fmt: skip
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    def act(self) -> str:
        """Do something; say what."""
        self.provoked = False
        while True:
            act = self.random.choices([*self.acts], [*self.acts.values()])[0]
            said = act()
            if said:
                return f"{act.__name__}: {said}"

    # ---- finding things

    def _pick(self, selector: str) -> Locator | None:
        """One of those that can be seen and used."""
        there = self.page.locator(f"{selector}:visible")
        count = there.count()
        return there.nth(self.random.randrange(count)) if count else None

    def _name(self, element: Locator) -> str:
        return element.evaluate(
            """e => e.getAttribute("aria-label") || e.title || e.labels?.[0]?.textContent
                || e.closest(".workbench-number")?.querySelector(".widget-label")?.textContent
                || e.textContent.trim().slice(0, 40)"""
        )

    # ---- controls

    def slider_keys(self) -> str:
        handle = self._pick(f"{_CONTROLS}.noUi-target:not([disabled]) .noUi-handle")
        if handle is None:
            return ""
        keys = self.random.choices(_KEYS, k=self.random.randint(1, 6))
        name = self._name(handle)
        handle.focus()
        for key in keys:
            self.page.keyboard.press(key)
        return f"{name} {' '.join(keys)}"

    def slider_drag(self) -> str:
        handle = self._pick(f"{_CONTROLS}.noUi-target:not([disabled]) .noUi-handle")
        if handle is None:
            return ""
        handle.scroll_into_view_if_needed()
        name = self._name(handle)
        track = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-target')]").bounding_box()
        grip = handle.bounding_box()
        mouse, row = self.page.mouse, grip["y"] + grip["height"] / 2
        mouse.move(grip["x"] + grip["width"] / 2, row)
        mouse.down()
        ends = [self.random.random() for _ in range(self.random.randint(1, 3))]
        for end in ends:
            mouse.move(track["x"] + end * track["width"], row, steps=self.random.randint(2, 15))
        mouse.up()
        return f"{name} to {', '.join(f'{end:.2f}' for end in ends)}"

    def choose(self) -> str:
        return self._choose(self._pick(f"{_CONTROLS}select:not([disabled])"))

    def choose_source(self) -> str:
        return self._choose(self.page.locator(f"{_CONTROLS}select:visible").first)

    def _choose(self, select: Locator | None) -> str:
        if select is None:
            return ""
        name = self._name(select)
        options = select.locator("option").all_text_contents()
        chosen = self.random.randrange(len(options))
        select.select_option(index=chosen)
        return f"{name}: {options[chosen]}"

    def check(self) -> str:
        box = self._pick(f"{_CONTROLS}input[type=checkbox]:not([disabled])")
        if box is None:
            return ""
        name = self._name(box)
        box.click()
        return name

    def type_number(self) -> str:
        field = self._pick(f"{_CONTROLS}input[type=number]:not([disabled])")
        if field is None:
            return ""
        now = float(field.input_value() or 0)
        near = [f"{now * 1.1:.6g}", f"{now + 1:.6g}", f"{now - 1:.6g}", f"{now / 2:.6g}"]
        text = self.random.choice([*near, *near, *_TYPED])
        name = self._name(field)
        field.fill(text)
        field.press(self.random.choice(["Enter", "Tab"]))
        return f"{name} = {text!r}"

    def unfold(self) -> str:
        button = self._pick(f"{_CONTROLS}.workbench-more")
        if button is None:
            return ""
        button.click()
        return "details"

    def tool(self) -> str:
        button = self._pick(f"{_CONTROLS}.workbench-tool:not([disabled])")
        if button is None:
            return ""
        name = self._name(button)
        button.click()
        if "Learn" in name:
            time.sleep(self.random.uniform(0, 2))
        return name

    # ---- sources

    def upload(self) -> str:
        path = self.random.choice(self._sounds)
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Upload a sound file").click()
        chooser.value.set_files(path)
        return path.name

    def type_path(self) -> str:
        field = self.page.locator(f"{_CONTROLS}input[type=text]:visible").first
        path = self.random.choice([*self._sounds, self._folder / "missing.wav"])
        field.fill(str(path))
        field.press("Enter")
        return path.name

    # ---- the figure

    def figure_keys(self) -> str:
        keys = self.random.choices(
            ["+", "-", "ArrowLeft", "ArrowRight", "Home", "a", "b", "s", "Shift+ArrowRight"],
            k=self.random.randint(1, 5),
        )
        self.page.locator(".workbench-figure").focus()
        for key in keys:
            self.page.keyboard.press(key)
        self.provoked = True  # a region may be marked where the scalar takes none
        return " ".join(keys)

    def figure_mouse(self) -> str:
        figure = self.page.locator(".workbench-figure")
        figure.scroll_into_view_if_needed()
        mouse, box = self.page.mouse, figure.bounding_box()
        there = self.page.locator(".jp-WindowedPanel-outer").bounding_box()  # of the notebook
        top = max(box["y"], there["y"])
        bottom = min(box["y"] + box["height"], there["y"] + there["height"])
        points = [
            (box["x"] + self.random.random() * box["width"],
             top + self.random.random() * (bottom - top))
            for _ in range(2)
        ]  # fmt: skip
        what = self.random.choice(["drag", "pan", "click", "double", "wheel", "scroll"])
        held = {"pan": "Shift", "wheel": "Control"}.get(what)
        mouse.move(*points[0])
        if held:
            self.page.keyboard.down(held)
        if what in ("drag", "pan"):
            mouse.down()
            mouse.move(*points[1], steps=6)
            mouse.up()
        elif what in ("wheel", "scroll"):
            mouse.wheel(0, self.random.choice([-300, -100, 100, 300]))
        else:
            mouse.click(*points[0], click_count=2 if what == "double" else 1)
        if held:
            self.page.keyboard.up(held)
        self.provoked = True  # as by keys
        return what

    def select(self) -> str:
        """Marks a region, or takes it away."""
        button = self.page.locator("button.workbench-select")
        if button.get_attribute("aria-pressed") == "false":
            button.click()
        said = self.figure_mouse()
        if self.random.random() < 0.3:
            self.page.locator(".workbench-figure").press("Escape")
        if self.random.random() < 0.7:
            button.click()
        return said

    def button(self) -> str:
        """A button below the figure: undo, redo, reset, copy, zoom."""
        names = ("Undo", "Undo", "Undo", "Redo", "Redo", "Reset parameters", "Copy code", "Zoom in",
            "Zoom out", "Show everything")  # fmt: skip
        name = self.random.choice(names)
        there = self.page.get_by_role("button", name=name, exact=True)
        if there.is_disabled():
            return ""
        there.click()
        return name

    def history_keys(self) -> str:
        keys = self.random.choice(["Control+z", "Control+Shift+Z"])
        self.page.locator(".workbench-figure").press(keys)
        return keys

    def listen(self) -> str:
        choices = [
            *("button.workbench-play", "button.workbench-loop", "button.workbench-match"),
            ".workbench-tracks label",
        ]
        button = self._pick(self.random.choice(choices))
        if button is None:
            return ""
        name = self._name(button)
        button.click()
        time.sleep(self.random.uniform(0, 0.5))
        return name

    # ---- files

    def save(self) -> str:
        with self.page.expect_download() as found:
            self.page.get_by_role("button", name="Save design", exact=True).click()
        path = self._folder / f"{len(self._designs)}_{found.value.suggested_filename}"
        found.value.save_as(path)
        self._designs.append(path)
        return path.name

    def load(self) -> str:
        if not self._designs:
            return ""
        path = self.random.choice(self._designs)
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Load design", exact=True).click()
        chooser.value.set_files(path)
        self.provoked = True  # it may be that of another dashboard, or of a sound that is gone
        return path.name

    def download(self) -> str:
        kind = self.random.choice(_FILES)
        found: list[Download] = []

        def take(download: Download) -> None:
            found.append(download)

        self.page.once("download", take)
        self.page.get_by_role("button", name="Download", exact=True).click()
        self.page.locator(f"[data-form={kind}]").click()
        lines = self.page.locator(".workbench-status")
        start = time.monotonic()
        while not found:
            self.page.wait_for_timeout(50)
            late = time.monotonic() - start
            if late > PATIENCE:
                raise AssertionError(f"no {kind} after {late:.0f} s")
            if late > 5.0 and NO_PICTURE in "".join(lines.all_inner_texts()):  # a file shows all
                self.page.remove_listener("download", take)
                return f"{kind}, of which there is none"
        if found[0].path().stat().st_size == 0:
            raise AssertionError(f"{found[0].suggested_filename} is empty")
        found[0].delete()
        return kind

    # ---- the page

    def open(self, number: int | None = None) -> str:
        """Another dashboard of the gallery."""
        buttons = self.page.locator(".workbench-gallery > .widget-toggle-buttons button")
        chosen = self.random.randrange(buttons.count()) if number is None else number
        name = buttons.nth(chosen).text_content()
        buttons.nth(chosen).click()
        return name

    def theme(self) -> str:
        theme = self.random.choice(["JupyterLab Dark", "JupyterLab Light"])
        self.page.evaluate(
            "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
        )
        return theme

    def resize(self) -> str:
        size = {"width": self.random.randint(800, 1500), "height": self.random.randint(700, 1100)}
        self.page.set_viewport_size(size)
        return f"{size['width']} x {size['height']}"

    def render_again(self) -> str:
        """The outputs of the notebook are rendered anew, as when a notebook is opened again."""
        self.page.evaluate(
            """() => {
                const { widgets } = window.jupyterapp.shell.currentWidget.content;
                const cell = widgets.find((each) => each.model.outputs?.length);
                cell.model.outputs.fromJSON(cell.model.outputs.toJSON());
            }"""
        )
        return "outputs"

    def reload(self) -> str:
        """Load the page again, with the notebook's kernel alive.

        ipywidgets may give up a view while it makes the models, and says so; the scope's page shows
        it then all the same.
        """
        self.lab.command("docmanager:save")
        self.page.goto(self.page.url.partition("?")[0] + "?reset")
        self.page.wait_for_selector(".workbench-scope canvas")
        said = [each for each in self.lab.messages if _GIVEN_UP in each]
        self.given_up += bool(said)
        self.lab.messages[:] = [each for each in self.lab.messages if each not in said]
        return "the page"


def _sounds(folder: Path) -> list[Path]:
    """Short sounds of several rates and channels, and something that is none."""
    made = []
    random_ = np.random.default_rng(0)
    for rate, seconds, channels in ((8000, 0.5, 1), (44100, 1.5, 2), (16000, 0.05, 1)):
        path = folder / f"{rate}_{channels}.wav"
        noise = random_.uniform(-0.5, 0.5, (channels, round(rate * seconds))).astype(np.float32)
        audio.write(path, noise, sample_rate=rate)
        made.append(path)
    path = folder / "broken.wav"
    path.write_text("no sound")
    return [*made, path]
