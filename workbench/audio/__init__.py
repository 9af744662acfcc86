"""Read, write and inspect sound files: WAV, FLAC, OGG, MP3 and what else libsndfile knows.

Samples are float32 in memory, `[channels, time]`, full scale at ±1. A whole-number sample `k` of
`b` bits is `k / 2**(b - 1)` in both directions, so that PCM up to 24 bits passes through a read and
a write bit for bit. What is wrong with a file is said, not repaired: a shortened file is an error.
"""

from workbench.audio.clip import AudioError, AudioInfo, Clip
from workbench.audio.reading import Source, blocks, info, read
from workbench.audio.writing import wav_bytes, write

__all__ = [
    "AudioError",
    "AudioInfo",
    "Clip",
    "Source",
    "blocks",
    "info",
    "read",
    "wav_bytes",
    "write",
]
