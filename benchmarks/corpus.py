"""A corpus of 2,000 files with 50 broken ones, disturbed and not; and a file of two hours."""

import contextlib
import json
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import soundfile as sf

import workbench as wb
from benchmarks.report import Report
from tests.corpus.corpora import digests, parts, write_noise
from tests.corpus.machines import end, running, wait_for_parts, workers_of
from workbench import audio

FILES, BROKEN, WORKERS = 2000, 50, 2
RATE = 44100
HOURS, MINUTES = 2, 5
GIGABYTES, ERROR = 1.5, 1e-6


def design(rate: int) -> wb.Chain:
    """Log-mel of 80 bands at 16 kHz."""
    made = [wb.layers.Resample(target_rate=16000), wb.layers.LogMelSpectrogram(num_mel_bins=80)]
    return wb.Chain(made, sample_rate=rate)


def main(report: Report) -> None:
    """Measure and report; everything lies in a folder that goes away."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        design(RATE).save(folder / "design.keras")
        _many_files(report, folder)
        _long_file(report, folder)


def _many_files(report: Report, folder: Path) -> None:
    write_corpus(folder / "src")
    given = (folder / "design.keras", folder / "src")
    begun = time.perf_counter()
    with running(*given, folder / "whole", "--workers", WORKERS) as run:
        _, _, errors = end(run)
    seconds = time.perf_counter() - begun
    rates = [float(rate) for rate in re.findall(r"([\d.]+) files/s", errors)]
    wanted = digests(folder / "whole")

    out = folder / "out"
    some = len(wanted) // 4
    with running(*given, out, "--workers", WORKERS) as run:
        wait_for_parts(out, some, run)
        workers_of(run)[0].kill()
        wait_for_parts(out, 2 * some, run)
    left = len(wanted) - len(parts(out))
    with running(*given, out, "--workers", WORKERS) as run:
        status, _, _ = end(run)
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    failed = [line for line in lines if line["status"] == "failed" and line["reason"]]
    rows = pq.read_table(out / "parts", columns=["recording"])["recording"].to_pylist()
    once = len(set(rows)) == len(rows)
    same = sum(digests(out)[name] == digest for name, digest in wanted.items())
    table = [
        ["all files, workers started and ended, s", seconds],
        ["files/s, said at the end", rates[-1]],
        ["parts", len(wanted)],
        ["parts that were left when all was killed", left],
        ["exit status of the last run", status],
    ]
    report.table(f"{FILES} files of 1 s, {BROKEN} broken, {WORKERS} workers", ["what", ""], table)
    report.target(
        "files that are there once, of those not broken", len(rows) * once, ">=", 1950, ""
    )
    report.target("parts of the same bytes after two kills", same, ">=", len(wanted), "parts")
    report.target("broken files reported with a reason", len(failed), ">=", BROKEN, "files")


def _long_file(report: Report, folder: Path) -> None:
    found = []
    for name, seconds in (("long", HOURS * 3600), ("short", MINUTES * 60)):
        path = write_long(folder / f"{name}.wav", seconds)
        begun = time.perf_counter()
        with running(folder / "design.keras", path, folder / name, "--workers", 1) as run:
            with peaks(run) as peak:
                status, output, errors = end(run)
        found.append([f"{seconds / 60:.0f} minutes", time.perf_counter() - begun, *peak.values()])
        if status:
            raise RuntimeError(output + errors)
    head = ["16-bit WAV at 44.1 kHz", "s", "worker's peak, GB", "the command's peak, GB"]
    report.table("A long file, one worker", head, found)
    whole = design(RATE)(audio.read(folder / "short.wav").signal).numpy()[0]
    rows = pq.read_table(folder / "short" / "parts").to_pylist()
    made = np.concatenate([np.reshape(np.float32(r["features"]), r["shape"]) for r in rows])
    error = np.abs(made - whole).max() / np.abs(whole).max()
    report.target(f"{HOURS} hours: the worker's peak", found[0][2], "<=", GIGABYTES, "GB")
    report.target(
        f"{MINUTES} minutes by chunks, beside the whole", error, "<=", ERROR, "of the peak"
    )


def write_corpus(folder: Path) -> None:
    """Files of a second; every fortieth is empty, shortened, text, or noise of bytes."""
    for i in range(FILES):
        path = write_noise(folder / f"{i // 100:02d}" / f"{i:04d}.wav", RATE, rate=RATE, seed=i)
        if i % (FILES // BROKEN) == 0:
            content = path.read_bytes()
            kinds = (b"", content[:20000], b"not a sound", content[::-1])
            path.write_bytes(kinds[i // (FILES // BROKEN) % 4])


def write_long(path: Path, seconds: int) -> Path:
    """Noise, written a minute at a time."""
    rng = np.random.default_rng(0)
    with sf.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
        for _ in range(seconds // 60):
            file.write(0.1 * rng.standard_normal(60 * RATE).astype(np.float32))
    return path


@contextlib.contextmanager
def peaks(process: object) -> Iterator[dict[str, float]]:
    """The most memory of workers and of the process itself, in GB, looked at while they run."""
    found = {"worker": 0.0, "command": 0.0}
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            with contextlib.suppress(psutil.Error, ValueError):
                for each in workers_of(process):
                    found["worker"] = max(found["worker"], each.memory_info().rss / 1e9)
                own = psutil.Process(process.pid).memory_info().rss / 1e9
                found["command"] = max(found["command"], own)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
