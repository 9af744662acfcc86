"""A headless browser for the tests: find one, install one, launch it.

`python -m tests.browser` says which one is used; with `--install` it gets one where there is none.
"""

import argparse
import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
)
NONE_FOUND = "browser: none found. `python -m tests.browser --install` gets one."


def find(playwright: Playwright | None = None) -> str | None:
    """The path of the system's Chromium, else of the one that Playwright downloaded, else None."""
    for path in filter(None, map(shutil.which, NAMES)):
        if _runs(path):
            return path
    if playwright is None:
        with sync_playwright() as started:
            path = started.chromium.executable_path
    else:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() and _runs(path) else None


@functools.cache
def _runs(path: str) -> bool:
    """Whether it starts and isn't a snap, whose confinement keeps Playwright out."""
    try:
        asked = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0 and "snap" not in asked.stdout.lower()


def launch(playwright: Playwright, **options) -> Browser:
    """Start the browser, headless unless told otherwise; options are Playwright's."""
    path = find(playwright)
    if path is None:
        raise RuntimeError(NONE_FOUND)
    arguments = [*FLAGS, *options.pop("args", ())]
    return playwright.chromium.launch(executable_path=path, args=arguments, **options)


def install() -> str:
    """Install Chromium by apt where that is possible, otherwise by Playwright."""
    prefix = _root_prefix() if shutil.which("apt-get") else None
    if prefix is not None:
        print("Installing chromium through apt ...", flush=True)
        apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        wanted = ["chromium", "fonts-liberation"]  # without a font there is no text
        subprocess.run([*apt, "update"])
        subprocess.run(
            [*apt, "install", "-y", "--no-install-recommends", *wanted], stdout=subprocess.DEVNULL
        )
    _runs.cache_clear()
    if path := find():
        return path
    print("Installing chromium through Playwright ...", flush=True)
    libraries = [] if prefix is None else ["--with-deps"]
    subprocess.run([sys.executable, "-m", "playwright", "install", *libraries, "chromium"])
    if path := find():
        return path
    raise SystemExit(
        "No browser for the tests: neither apt nor Playwright could install one that starts. "
        "Install Chromium or Chrome by hand so that it is on the PATH, then run again."
    )


def _root_prefix() -> list[str] | None:
    """What to put before a command to run it as root without a password; None if impossible."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True)
    return ["sudo", "-n"] if asked.returncode == 0 else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--install", action="store_true", help="get a browser if there is none")
    wants_one = parser.parse_args().install
    path = find() or (install() if wants_one else None)
    if path is None:
        raise SystemExit(NONE_FOUND)
    print(f"Browser for the tests: {path}")


if __name__ == "__main__":
    main()
