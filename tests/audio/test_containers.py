import io
import struct

import pytest
import soundfile as sf

from tests.audio.sounds import sound
from workbench import audio
from workbench.audio.containers import incomplete


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


def test_sizes_left_open_by_a_writer_into_a_pipe_mean_all_there_is():
    data = bytearray(audio.wav_bytes(sound(), 44100))
    for size in (0x7FFFF000, 0xFFFFFFFF):
        data[40:44] = struct.pack("<I", size)
        assert audio.read(data).signal.shape == (1, 22050)


def test_an_ogg_cut_between_two_pages_is_truncated(tmp_path):
    audio.write(tmp_path / "a.ogg", sound(2.0), sample_rate=44100)
    data = (tmp_path / "a.ogg").read_bytes()
    with pytest.raises(audio.AudioError, match=r"the last page of its OGG stream is missing"):
        audio.read(data[: data.rindex(b"OggS")])


@pytest.mark.parametrize("name", ["a.wav", "a.ogg", "a.mp3"])
def test_a_whole_file_lacks_nothing_and_one_byte_less_is_noticed(tmp_path, name):
    audio.write(tmp_path / name, sound(), sample_rate=44100)
    data = (tmp_path / name).read_bytes()
    assert incomplete(io.BytesIO(data)) is None
    assert incomplete(io.BytesIO(data[:-1])).startswith("is truncated: ")


@pytest.mark.parametrize(
    "data", [b"", b"fLaC", b"RIFF", b"RIFF\x04\x00\x00\x00WAVE", b"ID3", b"\xff\xfb" + bytes(80)]
)
def test_of_what_promises_nothing_nothing_is_said(data):
    assert incomplete(io.BytesIO(data)) is None
