"""A design over any number of files, on the processors of one machine or on many machines.

`extract` is the front door. The output folder holds `design.keras`, `extraction.json` (what was
extracted, and with which versions), `manifest.jsonl` (a line per recording: where it lies, what
became of it) and the results in `parts/part-00000.parquet` and so on, a row per recording.
"""

from workbench.corpus.extraction import Extraction, extract

__all__ = ["Extraction", "extract"]
