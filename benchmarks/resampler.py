"""How well a resampler converts: definitions that tests and benchmarks share.

A resampler is a function `convert(signal, orig, target)`. Powers are in dB.
"""

import numpy as np

AMPLITUDE = 0.5


def tone(frequency, rate):
    """Three seconds of a cosine at a whole number of hertz, float64."""
    return AMPLITUDE * np.cos(2 * np.pi * frequency * np.arange(3 * rate) / rate + 0.7)


def multisine(rate, highest, seed=0):
    """Three seconds of every whole hertz from 20 on, in random phases, alike at every rate."""
    frequencies = np.arange(20, int(highest) + 1)
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, len(frequencies))
    spectrum = np.zeros(rate // 2 + 1, complex)
    spectrum[frequencies] = np.exp(1j * phases)
    second = np.fft.irfft(spectrum, rate) * rate / 2 / np.sqrt(len(frequencies))
    return np.tile(second, 3)


def decibels(power):
    return 10 * np.log10(power + 1e-40)


class Quality:
    """The figures of one resampler between two rates, in one type."""

    def __init__(self, convert, orig, target, dtype="float32"):
        self.orig, self.target, self.dtype = orig, target, dtype
        self.nyquist = min(orig, target) / 2
        self.convert = convert

    def _spectrum(self, frequency):
        """Of the second second: the tone, its images and aliases lie on bins of their own."""
        made = self._middle(tone(frequency, self.orig))
        return np.fft.rfft(made) / self.target

    def _middle(self, signal):
        made = self.convert(signal.astype(self.dtype), self.orig, self.target)
        return np.asarray(made, np.float64)[self.target : 2 * self.target]

    def gain_and_spur(self, frequency):
        """Of a tone: its gain, and the power of all else relative to its own."""
        spectrum = self._spectrum(frequency)
        power = 2 * np.abs(spectrum) ** 2
        power[0] /= 2
        gain = decibels(4 * np.abs(spectrum[frequency]) ** 2 / AMPLITUDE**2)
        power[frequency] = 0
        return gain, decibels(np.sum(power) / (AMPLITUDE**2 / 2))

    def pass_band(self, highest=0.80, tones=33):
        """Ripple and worst spur of tones from 20 Hz to a part of the lower Nyquist frequency."""
        found = [self.gain_and_spur(int(f)) for f in np.linspace(20, highest * self.nyquist, tones)]
        gains, spurs = zip(*found, strict=True)
        return max(gains) - min(gains), max(spurs)

    def gain(self, part):
        """At a part of the lower Nyquist frequency."""
        return self.gain_and_spur(int(part * self.nyquist))[0]

    def three_decibels_down(self):
        """Where the gain first is below -3 dB, as a part of the lower Nyquist frequency."""
        grid = np.arange(0.85, 1.0, 0.0025)
        return next((part for part in grid if self.gain(part) < -3), 1.0)

    def alias(self, tones=17):
        """What is left of tones that the lower rate can't hold."""
        highest = self.orig / 2 - 2
        found = [
            np.mean(self._middle(tone(int(np.ceil(f)), self.orig)) ** 2)
            for f in np.linspace(self.nyquist, highest, tones)
        ]
        return decibels(max(found) / (AMPLITUDE**2 / 2))

    def truth(self):
        """Error against the same signal synthesised at the other rate."""
        highest = 0.9 * self.nyquist
        made = self._middle(multisine(self.orig, highest))
        true = multisine(self.target, highest)[self.target : 2 * self.target]
        return decibels(np.mean((made - true) ** 2) / np.mean(true**2))

    def round_trip(self):
        """Error after there and back again."""
        given = multisine(self.orig, 0.9 * self.nyquist)
        there = self.convert(given.astype(self.dtype), self.orig, self.target)
        back = np.asarray(self.convert(np.asarray(there), self.target, self.orig), np.float64)
        middle = slice(self.orig, 2 * self.orig)
        return decibels(np.mean((back[middle] - given[middle]) ** 2) / np.mean(given[middle] ** 2))
