import os
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tests.audio.sounds import sound, whole_samples
from workbench import audio

RATES = [8000, 11025, 44100, 48000, 96000]
RNG = np.random.default_rng(7)


# --- exactness


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize(
    ("name", "subtype", "bits"),
    [
        ("a.wav", "pcm_8", 8),
        ("a.wav", None, 16),
        ("a.wav", "pcm_24", 24),
        ("a.wav", "pcm_32", 24),
        ("a.wav", "float", 24),
        ("a.wav", "double", 24),
        ("a.flac", "pcm_8", 8),
        ("a.flac", None, 16),
        ("a.flac", "pcm_24", 24),
    ],
)
def test_whole_samples_come_back_bit_for_bit(tmp_path, name, subtype, bits, channels, rate):
    signal = whole_samples(bits, channels)
    audio.write(tmp_path / name, signal, sample_rate=rate, subtype=subtype)
    clip = audio.read(tmp_path / name)
    assert clip.signal.dtype == np.float32
    assert clip.sample_rate == rate
    np.testing.assert_array_equal(clip.signal, signal)


def test_the_file_holds_the_whole_numbers_themselves(tmp_path):
    signal = whole_samples(16)
    audio.write(tmp_path / "a.wav", signal, sample_rate=8000)
    stored, _ = sf.read(tmp_path / "a.wav", dtype="int16")
    np.testing.assert_array_equal(stored, signal[0] * 32768)


def test_32_bit_pcm_is_exact_in_the_file(tmp_path):
    whole = RNG.integers(-(2**31), 2**31, 1000)
    audio.write(tmp_path / "a.wav", whole / 2**31, sample_rate=8000, subtype="pcm_32")
    stored, _ = sf.read(tmp_path / "a.wav", dtype="int32")
    np.testing.assert_array_equal(stored, whole)


@pytest.mark.parametrize("subtype", ["float", "double"])
def test_floating_point_keeps_what_lies_beyond_full_scale(tmp_path, subtype):
    signal = (RNG.standard_normal((2, 1000)) * 10.0 ** RNG.integers(-30, 30, (2, 1000))).astype(
        np.float32
    )
    audio.write(tmp_path / "a.wav", signal, sample_rate=44100, subtype=subtype)
    np.testing.assert_array_equal(audio.read(tmp_path / "a.wav").signal, signal)


def test_double_is_exact_in_the_file(tmp_path):
    signal = RNG.standard_normal(1000)
    audio.write(tmp_path / "a.wav", signal, sample_rate=44100, subtype="double")
    np.testing.assert_array_equal(sf.read(tmp_path / "a.wav")[0], signal)


def test_full_scale_is_the_largest_whole_number(tmp_path):
    audio.write(tmp_path / "a.wav", [1.0, -1.0], sample_rate=8000)
    assert sf.read(tmp_path / "a.wav", dtype="int16")[0].tolist() == [32767, -32768]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("subtype", ["pcm_16", "float", "double"])
def test_any_floating_point_type_is_written(tmp_path, dtype, subtype):
    audio.write(tmp_path / "a.wav", np.array([0.5, -0.25], dtype), sample_rate=8, subtype=subtype)
    assert audio.read(tmp_path / "a.wav").signal.tolist() == [[0.5, -0.25]]


@pytest.mark.parametrize(
    ("name", "subtype", "rate", "tolerance"),
    [
        # Lossy codecs at their default quality: measured 0.004 to 0.03 of the peak, 0.1 is 3 times
        # that, and a sweep that is late by one sample misses by 0.13 at its end.
        ("a.ogg", None, 44100, 0.1),
        ("a.ogg", "opus", 48000, 0.1),
        ("a.mp3", None, 44100, 0.1),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_lossy_formats_keep_length_and_place(tmp_path, name, subtype, rate, tolerance, channels):
    signal = sound(2.0, rate, channels)
    audio.write(tmp_path / name, signal, sample_rate=rate, subtype=subtype)
    clip = audio.read(tmp_path / name)
    assert clip.signal.shape == signal.shape
    middle = slice(rate // 10, -rate // 10)
    error = np.abs(clip.signal - signal)[:, middle].max()
    assert error < tolerance * np.abs(signal).max()


@pytest.mark.slow
def test_a_long_signal_fits_the_vorbis_encoder(tmp_path):
    # Ten minutes handed over at once overflow the encoder's stack.
    audio.write(tmp_path / "a.ogg", np.zeros(600 * 44100, np.float32), sample_rate=44100)
    assert audio.info(tmp_path / "a.ogg").frames == 600 * 44100


def test_wav_bytes_scales_only_what_is_too_loud():
    loud = audio.read(audio.wav_bytes([[2.0, -1.0], [0.0, 0.5]], 8000)).signal
    np.testing.assert_allclose(loud, [[1.0, -0.5], [0.0, 0.25]], atol=2**-15)
    quiet = audio.read(audio.wav_bytes(np.array([0.25, -0.5]), 8000)).signal
    np.testing.assert_array_equal(quiet, [[0.25, -0.5]])


# --- what is not written


@pytest.mark.parametrize(
    ("name", "signal", "arguments", "error", "message"),
    [
        (
            "a.xyz",
            [0.0],
            {},
            ValueError,
            r"path must end in one of .wav, .flac, .ogg, .mp3; got 'a.xyz'",
        ),
        ("a", [0.0], {}, ValueError, "path must end in one of"),
        (
            "a.wav",
            [0.0],
            {"subtype": "pcm16"},
            ValueError,
            "subtype must be one of pcm_16, .* 'pcm16'",
        ),
        ("a.flac", [0.0], {"subtype": "float"}, ValueError, "subtype must be one of .* for .flac"),
        (
            "a.wav",
            0.5,
            {},
            ValueError,
            r"signal must be \[time\] or \[channels, time\]; got shape \[\]",
        ),
        ("a.wav", np.zeros((1, 2, 3)), {}, ValueError, r"signal must be .*; got shape \[1, 2, 3\]"),
        ("a.wav", np.zeros((2, 0)), {}, ValueError, r"at least one sample; got shape \[2, 0\]"),
        ("a.flac", np.zeros((44100, 2)), {}, ValueError, r"at most 8 channels .* Transpose it"),
        ("a.ogg", np.zeros((300, 9)), {}, ValueError, "at most 255 channels"),
        ("a.mp3", np.zeros((3, 9)), {}, ValueError, "at most 2 channels"),
        (
            "a.wav",
            np.zeros(9, np.int16),
            {},
            TypeError,
            r"floating point; got int16. Divide it by 2\*\*15",
        ),
        ("a.wav", [True], {}, TypeError, "signal must be floating point; got bool"),
        ("a.wav", [1j], {}, TypeError, "signal must be floating point; got complex128"),
        ("a.wav", ["a"], {}, TypeError, "signal must be floating point; got <U1"),
        ("a.wav", [0.0], {"sample_rate": 0}, ValueError, "positive whole number; got 0"),
        ("a.wav", [0.0], {"sample_rate": -1}, ValueError, "positive whole number; got -1"),
        ("a.wav", [0.0], {"sample_rate": 5512.5}, ValueError, "positive whole number; got 5512.5"),
        ("a.wav", [0.0], {"sample_rate": np.nan}, ValueError, "positive whole number; got nan"),
        ("a.wav", [0.0], {"sample_rate": True}, ValueError, "positive whole number; got True"),
        ("a.wav", [0.0], {"sample_rate": "8000"}, ValueError, "positive whole number; got '8000'"),
        (
            "a.wav",
            [0.0],
            {"sample_rate": 2**31},
            ValueError,
            "positive whole number; got 2147483648",
        ),
        (
            "a.wav",
            [0.0, np.nan],
            {},
            ValueError,
            r"finite; got 1 NaN .* of 2, the first at \[0, 1\]",
        ),
        ("a.wav", [0.0, np.inf], {"subtype": "double"}, ValueError, "signal must be finite"),
        ("a.wav", [0.0, 1.5], {}, ValueError, 'got a peak of 1.5. .*divide it .* subtype="float"'),
        ("a.ogg", [0.0, -1.5], {}, ValueError, "within ±1 in this format; got a peak of 1.5"),
        ("a.wav", [1e300], {"subtype": "float"}, ValueError, "got a peak of 1e.300"),
        (
            "a.mp3",
            [0.0],
            {"sample_rate": 96000},
            audio.AudioError,
            "a.mp3 could not be written as MP3",
        ),
        (
            "a.ogg",
            [0.0],
            {"subtype": "opus"},
            audio.AudioError,
            r"as OGG \(opus\), 1 channel.* 44100 Hz",
        ),
        ("b/a.wav", [0.0], {}, FileNotFoundError, "the folder .*b must exist"),
    ],
)
def test_what_cannot_be_written_is_said_and_leaves_the_folder_alone(
    tmp_path, name, signal, arguments, error, message
):
    old = tmp_path / Path(name).name
    old.write_bytes(b"old")
    with pytest.raises(error, match=f"^write: .*{message}"):
        audio.write(tmp_path / name, signal, **{"sample_rate": 44100, **arguments})
    assert list(tmp_path.iterdir()) == [old]
    assert old.read_bytes() == b"old"


def test_more_than_a_wav_file_can_count_is_refused(tmp_path):
    huge = np.broadcast_to(np.float32(0), (2, 2**30))
    with pytest.raises(ValueError, match="write: signal must fit into the 4 GiB"):
        audio.write(tmp_path / "a.wav", huge, sample_rate=44100)


def test_a_write_that_breaks_off_leaves_the_old_file(tmp_path, monkeypatch):
    audio.write(tmp_path / "a.wav", [0.5], sample_rate=8000)

    def broken(self, data):
        raise OSError("no space left")

    monkeypatch.setattr(sf.SoundFile, "write", broken)
    with pytest.raises(OSError, match="no space left"):
        audio.write(tmp_path / "a.wav", [0.25], sample_rate=8000)
    assert os.listdir(tmp_path) == ["a.wav"]
    assert audio.read(tmp_path / "a.wav").signal == [[0.5]]


def test_a_written_file_has_the_usual_permissions_and_a_link_stays(tmp_path):
    (tmp_path / "usual").touch()
    (tmp_path / "link.wav").symlink_to(tmp_path / "a.wav")
    audio.write(tmp_path / "link.wav", [0.5], sample_rate=8000)
    assert (tmp_path / "link.wav").is_symlink()
    assert (tmp_path / "a.wav").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize(
    ("signal", "rate", "error", "message"),
    [
        ([0.0, np.nan], 8000, ValueError, "signal must be finite; got 1 NaN"),
        ([1], 8000, TypeError, "signal must be floating point"),
        ([0.0], 0, ValueError, "sample_rate must be a positive"),
    ],
)
def test_wav_bytes_refuses_what_cannot_be_played(signal, rate, error, message):
    with pytest.raises(error, match=f"^wav_bytes: {message}"):
        audio.wav_bytes(signal, rate)
