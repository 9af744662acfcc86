import io

import numpy as np
import pytest
import soundfile as sf

from tests.audio.sounds import sound
from workbench import audio


def shorten(path, fraction):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * fraction)])
    return path


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


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
@pytest.mark.parametrize(("start", "seconds"), [(0.0, None), (0.25, 0.5)])
def test_blocks_put_together_are_what_is_read_at_once(tmp_path, name, start, seconds):
    audio.write(tmp_path / name, sound(1.0, 48000, 2), sample_rate=48000)
    span = {"start_seconds": start, "seconds": seconds}
    found = list(audio.blocks(tmp_path / name, frames=10007, **span))
    assert [block.shape[1] for block in found[:-1]] == [10007] * (len(found) - 1)
    np.testing.assert_array_equal(
        np.concatenate(found, 1), audio.read(tmp_path / name, **span).signal
    )


def test_blocks_check_what_they_are_asked_for_and_come_to(tmp_path):
    samples = np.zeros((1, 100), np.float32)
    samples[0, 70] = np.nan
    sf.write(tmp_path / "a.wav", samples.T, 8000, "FLOAT")
    found = audio.blocks(tmp_path / "a.wav", frames=50)
    assert next(found).shape == (1, 50)
    with pytest.raises(audio.AudioError, match="not finite: 1 NaN or infinite of 50, the first at"):
        next(found)
    with pytest.raises(ValueError, match="frames must be at least 1; got 0"):
        next(audio.blocks(tmp_path / "a.wav", frames=0))


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


def test_a_file_is_read_into_a_clip_of_its_name(tmp_path):
    audio.write(tmp_path / "siren.flac", sound(4.0), sample_rate=44100)
    clip = audio.read(str(tmp_path / "siren.flac"))
    assert repr(clip) == "Clip('siren.flac', 1 channel, 4.000 s at 44100 Hz)"
    assert (clip.path, clip.name) == (tmp_path / "siren.flac", "siren.flac")
    assert (clip.seconds, clip.channels, type(clip.sample_rate)) == (4.0, 1, int)


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


@pytest.mark.parametrize("length", [1, 5, 13, 26, 39])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_a_few_bytes_of_a_header_are_an_error(tmp_path, name, length, capfd):
    audio.write(tmp_path / name, sound(), sample_rate=44100)
    with pytest.raises(audio.AudioError, match=r"read: a is (truncated|not a sound file)"):
        audio.read((tmp_path / name).read_bytes()[:length], name="a")


def test_a_flac_of_unknown_length_is_an_error(tmp_path):
    audio.write(tmp_path / "a.flac", sound(), sample_rate=44100)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[21] &= 0xF0  # STREAMINFO: 36 bits of length, zero for unknown
    data[22:26] = bytes(4)
    with pytest.raises(audio.AudioError, match=r"read: a.flac does not say how long it is"):
        audio.read(bytes(data), name="a.flac")


def test_a_flac_damaged_inside_is_an_error(tmp_path):
    audio.write(
        tmp_path / "a.flac", np.random.default_rng(7).uniform(-0.5, 0.5, 88200), sample_rate=44100
    )
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


# --- arguments


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
