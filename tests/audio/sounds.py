"""Sounds for the tests of files."""

import numpy as np


def whole_samples(bits, channels=1, length=4000):
    """Every kind of whole sample of that many bits, the extremes too, as float32 (exact to 24)."""
    top = 2 ** (bits - 1)
    whole = np.random.default_rng(7).integers(-top, top, (channels, length))
    whole[0, :4] = [-top, top - 1, -1, 0]
    return (whole / top).astype(np.float32)


def sound(seconds=0.5, rate=44100, channels=1):
    """A sweep that codecs can follow, at half of full scale, another level in each channel."""
    time = np.arange(round(seconds * rate)) / rate
    sweep = 0.5 * np.sin(2 * np.pi * (200 + 400 * time) * time)
    return np.stack([sweep / (channel + 1) for channel in range(channels)])
