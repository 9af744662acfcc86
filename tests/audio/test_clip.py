from pathlib import Path

import numpy as np
import pytest

from workbench import audio


def test_a_clip_says_what_it_is():
    clip = audio.Clip(np.zeros((2, 4)), 8.0)
    assert (clip.signal.dtype, type(clip.sample_rate)) == (np.float32, int)
    assert (clip.seconds, clip.channels, clip.path) == (0.5, 2, None)
    assert repr(clip) == "Clip('unnamed', 2 channels, 0.500 s at 8 Hz)"


def test_a_clip_is_called_as_its_file_unless_named():
    signal, path = np.zeros((1, 4), np.float32), Path("folder/a.wav")
    assert audio.Clip(signal, 8, path).name == "a.wav"
    assert audio.Clip(signal, 8, path, name="hiss").name == "hiss"


@pytest.mark.parametrize(
    ("signal", "rate", "error", "message"),
    [
        (np.zeros(9), 8000, ValueError, r"signal must be \[channels, time\]; got shape \[9\]"),
        (np.zeros((1, 0)), 8000, ValueError, "at least one sample"),
        (np.zeros((1, 9), int), 8000, TypeError, "signal must be floating point; got int64"),
        (np.zeros((1, 9)), 0.5, ValueError, "sample_rate must be a positive whole number; got 0.5"),
    ],
)
def test_a_clip_refuses_what_is_not_one(signal, rate, error, message):
    with pytest.raises(error, match=f"^Clip: .*{message}"):
        audio.Clip(signal, rate)
