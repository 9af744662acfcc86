import io
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from workbench import audio

RATES = [8000, 11025, 44100, 48000, 96000]
RNG = np.random.default_rng(7)


def whole_samples(bits, channels=1, length=4000):
    """Every kind of whole sample of that many bits, the extremes too, as float32 (exact to 24)."""
    top = 2 ** (bits - 1)
    whole = RNG.integers(-top, top, (channels, length))
    whole[0, :4] = [-top, top - 1, -1, 0]
    return (whole / top).astype(np.float32)


def sound(seconds=0.5, rate=44100, channels=1):
    """A sweep that codecs can follow, at half of full scale, another level in each channel."""
    time = np.arange(round(seconds * rate)) / rate
    sweep = 0.5 * np.sin(2 * np.pi * (200 + 400 * time) * time)
    return np.stack([sweep / (channel + 1) for channel in range(channels)])


def shorten(path, fraction):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * fraction)])
    return path


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


# --- parts, sources, what is said about a file


@pytest.mark.parametrize(
    ("name", "subtype"),
    [("a.wav", None), ("a.flac", None), ("a.ogg", None), ("a.ogg", "opus"), ("a.mp3", None)],
)
@pytest.mark.parametrize(
    ("start", "seconds", "first", "count"),
    [
        (0.0, 0.25, 0, 12000),
        (0.5, 0.25, 24000, 12000),
        (0.75, 9.0, 36000, 12000),
        (0.5, None, 24000, 24000),
    ],
)
def test_a_part_is_that_part_of_the_whole(tmp_path, name, subtype, start, seconds, first, count):
    audio.write(tmp_path / name, sound(1.0, 48000, 2), sample_rate=48000, subtype=subtype)
    whole = audio.read(tmp_path / name).signal
    part = audio.read(tmp_path / name, start_seconds=start, seconds=seconds).signal
    # Opus starts from another state after a seek, 80 ms before the place: inaudible, not equal.
    np.testing.assert_allclose(
        part, whole[:, first : first + count], rtol=0, atol=0.01 if subtype == "opus" else 1e-6
    )


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, io.BytesIO])
@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "mp3"])
def test_bytes_are_read_as_the_file_they_are(tmp_path, wrap, extension):
    path = tmp_path / f"a.{extension}"
    audio.write(path, sound(), sample_rate=44100)
    clip = audio.read(wrap(path.read_bytes()), name="upload")
    np.testing.assert_array_equal(clip.signal, audio.read(path).signal)
    assert (clip.path, clip.name) == (None, "upload")


def test_an_open_file_gives_its_name(tmp_path):
    audio.write(tmp_path / "a.wav", sound(), sample_rate=44100)
    with open(tmp_path / "a.wav", "rb") as stream:
        assert audio.read(stream).name == "a.wav"


def test_a_clip_says_what_it_is(tmp_path):
    audio.write(tmp_path / "siren.flac", sound(4.0), sample_rate=44100)
    clip = audio.read(str(tmp_path / "siren.flac"))
    assert repr(clip) == "Clip('siren.flac', 1 channel, 4.000 s at 44100 Hz)"
    assert (clip.path, clip.name) == (tmp_path / "siren.flac", "siren.flac")
    assert (clip.seconds, clip.channels, type(clip.sample_rate)) == (4.0, 1, int)
    made = audio.Clip(np.zeros((2, 4)), 8.0)
    assert (made.signal.dtype, type(made.sample_rate)) == (np.float32, int)
    assert audio.Clip(made.signal, 8, Path("folder/a.wav")).name == "a.wav"
    assert repr(made) == "Clip('unnamed', 2 channels, 0.500 s at 8 Hz)"


@pytest.mark.parametrize(
    ("name", "subtype", "expected", "stored"),
    [
        ("a.wav", "pcm_8", ("wav", "pcm_8"), "PCM_U8"),
        ("a.wav", "pcm_24", ("wav", "pcm_24"), "PCM_24"),
        ("a.wav", "float", ("wav", "float"), "FLOAT"),
        ("a.flac", "pcm_8", ("flac", "pcm_8"), "PCM_S8"),
        ("a.OGG", None, ("ogg", "vorbis"), "VORBIS"),
        ("a.mp3", None, ("mp3", "mp3"), "MPEG_LAYER_III"),
    ],
)
def test_info_says_what_write_was_told(tmp_path, name, subtype, expected, stored):
    audio.write(tmp_path / name, sound(1.0, 48000, 2), sample_rate=48000, subtype=subtype)
    expected = audio.AudioInfo(48000, 2, 48000, 1.0, *expected)
    assert audio.info(tmp_path / name) == expected
    assert sf.info(tmp_path / name).subtype == stored


def test_sizes_left_open_by_a_writer_into_a_pipe_mean_all_there_is():
    data = bytearray(audio.wav_bytes(sound(), 44100))
    for size in (0x7FFFF000, 0xFFFFFFFF):
        data[40:44] = struct.pack("<I", size)
        assert audio.read(data).signal.shape == (1, 22050)


def test_wav_bytes_scales_only_what_is_too_loud():
    loud = audio.read(audio.wav_bytes([[2.0, -1.0], [0.0, 0.5]], 8000)).signal
    np.testing.assert_allclose(loud, [[1.0, -0.5], [0.0, 0.25]], atol=2**-15)
    quiet = audio.read(audio.wav_bytes(np.array([0.25, -0.5]), 8000)).signal
    np.testing.assert_array_equal(quiet, [[0.25, -0.5]])


# --- damaged files


@pytest.mark.parametrize("fraction", [0.999, 0.9, 0.5, 0.1])
@pytest.mark.parametrize(
    ("name", "subtype", "rate"),
    [
        ("a.wav", "pcm_16", 44100),
        ("a.wav", "double", 44100),
        ("a.flac", None, 44100),
        ("a.ogg", None, 44100),
        ("a.ogg", "opus", 48000),
        ("a.mp3", None, 44100),
    ],
)
@pytest.mark.parametrize("look", [audio.read, audio.info])
def test_a_shortened_file_is_an_error(tmp_path, name, subtype, rate, fraction, look, capfd):
    audio.write(tmp_path / name, sound(2.0, rate), sample_rate=rate, subtype=subtype)
    with pytest.raises(audio.AudioError, match=rf"^{look.__name__}: {name} is truncated"):
        look(shorten(tmp_path / name, fraction))


def test_a_shortened_file_is_an_error_where_the_part_asked_for_is_there(tmp_path):
    for name in ("a.wav", "a.flac", "a.ogg", "a.mp3"):
        audio.write(tmp_path / name, sound(2.0), sample_rate=44100)
        shorten(tmp_path / name, 0.9)
        with pytest.raises(audio.AudioError, match=f"read: {name} is truncated"):
            audio.read(tmp_path / name, seconds=0.1)


@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64", "AIFF"])
def test_header_and_length_are_compared(tmp_path, container):
    stream = io.BytesIO()
    sf.write(stream, sound(1.0, channels=2).T, 44100, format=container, subtype="PCM_24")
    assert audio.read(stream.getvalue()).signal.shape == (2, 44100)
    # 31000 whole frames of 6 bytes are left, and half of one more.
    data = stream.getvalue()[: -6 * 13100 + 3]
    promise = "264608 bytes" if container == "AIFF" else "44100 samples, the file holds 31000"
    with pytest.raises(
        audio.AudioError, match=f"read: a is truncated: its header promises {promise}"
    ):
        audio.read(data, name="a")


def test_what_lies_before_the_sound_is_stepped_over(tmp_path):
    wav = audio.wav_bytes(sound(), 44100)
    wav = wav[:36] + b"LIST\x05\x00\x00\x00INFOx\x00" + wav[36:]  # of odd size, so padded
    audio.write(tmp_path / "a.mp3", sound(), sample_rate=44100)
    mp3 = b"ID3\x03\x00\x00\x00\x00\x02\x00" + bytes(256) + (tmp_path / "a.mp3").read_bytes()
    for data, unit in ((wav, "22050 samples"), (mp3, "[0-9]+ bytes")):
        assert audio.read(data).signal.shape == (1, 22050)
        with pytest.raises(audio.AudioError, match=f"truncated: its header promises {unit}"):
            audio.read(data[:-200])


@pytest.mark.parametrize("length", [1, 5, 13, 26, 39])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_a_few_bytes_of_a_header_are_an_error(tmp_path, name, length, capfd):
    audio.write(tmp_path / name, sound(), sample_rate=44100)
    with pytest.raises(audio.AudioError, match=r"read: a is (truncated|not a sound file)"):
        audio.read((tmp_path / name).read_bytes()[:length], name="a")


def test_an_ogg_cut_between_two_pages_is_truncated(tmp_path):
    audio.write(tmp_path / "a.ogg", sound(2.0), sample_rate=44100)
    data = (tmp_path / "a.ogg").read_bytes()
    with pytest.raises(audio.AudioError, match=r"the last page of its OGG stream is missing"):
        audio.read(data[: data.rindex(b"OggS")])


def test_a_flac_of_unknown_length_is_an_error(tmp_path):
    audio.write(tmp_path / "a.flac", sound(), sample_rate=44100)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[21] &= 0xF0  # STREAMINFO: 36 bits of length, zero for unknown
    data[22:26] = bytes(4)
    with pytest.raises(audio.AudioError, match=r"read: a.flac does not say how long it is"):
        audio.read(bytes(data), name="a.flac")


def test_a_flac_damaged_inside_is_an_error(tmp_path):
    audio.write(tmp_path / "a.flac", RNG.uniform(-0.5, 0.5, 88200), sample_rate=44100)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[50000:90000] = bytes(40000)
    with pytest.raises(audio.AudioError, match=r"read: a.flac is truncated or damaged"):
        audio.read(bytes(data), name="a.flac")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty: it has 0 bytes"),
        (b"hello world " * 100, "is not a sound file"),
        (bytes(5000), "is not a sound file"),
        (b"RIFF", "is not a sound file"),
        (b"RIFF\x04\x00\x00\x00WAVE", "is not a sound file"),
        (b"fLaC" + bytes(100), "is not a sound file"),
        (b"OggS" + bytes(10), "is truncated"),
        (b"See Info____ of which there is a lot to say in this file, and more.", "is not a sound"),
    ],
)
@pytest.mark.parametrize("extension", ["wav", "raw", "mp3"])
def test_what_is_not_audio_is_an_error(tmp_path, data, message, extension):
    path = tmp_path / f"a.{extension}"
    path.write_bytes(data)
    with pytest.raises(audio.AudioError, match=f"read: a.{extension} {message}"):
        audio.read(path)


def test_a_file_without_samples_is_an_error():
    stream = io.BytesIO()
    sf.write(stream, np.zeros((0, 1)), 8000, format="WAV")
    with pytest.raises(audio.AudioError, match="info: a has a header and 0 samples"):
        audio.info(stream.getvalue(), name="a")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_are_counted_and_placed(tmp_path, bad):
    signal = np.zeros((2, 100))
    signal[1, 41] = signal[0, 77] = bad
    sf.write(tmp_path / "a.wav", signal.T, 8000, subtype="FLOAT")
    message = r"read: a.wav .* not finite: 2 NaN or infinite of 200, the first at \[1, 41\]"
    with pytest.raises(audio.AudioError, match=message):
        audio.read(tmp_path / "a.wav")


def test_no_file_or_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"read: b.wav does not exist"):
        audio.read(tmp_path / "b.wav")
    with pytest.raises(audio.AudioError, match="is a directory"):
        audio.info(tmp_path)


@pytest.mark.parametrize("source", [3, None, io.StringIO("text"), [0.5]])
def test_a_source_of_another_type_is_an_error(source):
    with pytest.raises(TypeError, match="source must be a path, bytes or a binary file; got"):
        audio.read(source)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start_seconds": -0.1}, r"start_seconds must be finite and not negative; got -0.1"),
        ({"start_seconds": np.nan}, "start_seconds must be finite and not negative; got nan"),
        ({"start_seconds": 0.5}, "0.500 s long; start_seconds must be below that; got 0.5"),
        ({"seconds": 0.0}, r"seconds must be positive; got 0.0"),
        ({"seconds": np.nan}, "seconds must be positive; got nan"),
    ],
)
def test_a_part_that_is_not_there_is_an_error(arguments, message):
    with pytest.raises(ValueError, match=message):
        audio.read(audio.wav_bytes(sound(), 44100), **arguments)


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
        (np.zeros(9), 8000, ValueError, r"signal must be \[channels, time\]; got shape \[9\]"),
        (np.zeros((1, 0)), 8000, ValueError, "at least one sample"),
        (np.zeros((1, 9), int), 8000, TypeError, "signal must be floating point; got int64"),
        (np.zeros((1, 9)), 0.5, ValueError, "sample_rate must be a positive whole number; got 0.5"),
    ],
)
def test_a_clip_refuses_what_is_not_one(signal, rate, error, message):
    with pytest.raises(error, match=f"^Clip: .*{message}"):
        audio.Clip(signal, rate)


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
