import librosa
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.golden.make_features import PATH, RATE, signal

X = signal()
LIBRARIES = ("librosa", "torchaudio", "tensorflow", "kaldi")
STEPS = ("stft", "spectrogram", "mel_spectrogram", "log_mel_spectrogram", "mfcc")


def run(name, library, x=X, **changed):
    op = getattr(wb, name)
    rate = {"sample_rate": RATE} if "sample_rate" in wb.declared(op) else {}
    return op(x, **rate, **wb.preset(name, library) | changed).numpy()


def from_librosa(name):
    if name == "stft":
        return librosa.stft(X).T
    if name == "spectrogram":
        return (np.abs(librosa.stft(X)) ** 2).T
    mel = librosa.feature.melspectrogram(y=X, sr=RATE)
    made = {
        "mel_spectrogram": lambda: mel,
        "log_mel_spectrogram": lambda: librosa.power_to_db(mel),
        "mfcc": lambda: librosa.feature.mfcc(y=X, sr=RATE),
    }
    return made[name]().T


def from_tensorflow(name):
    """The example in the documentation of `tf.signal.mfccs_from_log_mel_spectrograms`."""
    stft = tf.signal.stft(X, frame_length=1024, frame_step=256, fft_length=1024)
    magnitude = tf.abs(stft)
    matrix = tf.signal.linear_to_mel_weight_matrix(80, 513, RATE, 80.0, 7600.0, tf.float64)
    mel = tf.tensordot(magnitude, matrix, 1)
    log_mel = tf.math.log(mel + 1e-6)
    mfcc = tf.signal.mfccs_from_log_mel_spectrograms(log_mel)[..., :13]
    made = (stft, magnitude, mel, log_mel, mfcc)
    return dict(zip(STEPS, made, strict=True))[name].numpy()


@pytest.mark.parametrize("name", STEPS)
def test_librosa(name):
    found, expected = run(name, "librosa"), from_librosa(name)
    assert found.shape == expected.shape
    assert np.max(np.abs(found - expected)) <= 1e-6 * np.max(np.abs(expected))  # its mel: float32


@pytest.mark.parametrize("lifter", [0, 22])
def test_mfcc_of_librosa_with_a_lifter(lifter):
    found = run("mfcc", "librosa", lifter=float(lifter))
    expected = librosa.feature.mfcc(y=X, sr=RATE, lifter=lifter).T
    np.testing.assert_allclose(found, expected, atol=1e-3)
    single = run("mfcc", "librosa", X.astype(np.float32), lifter=float(lifter))
    np.testing.assert_allclose(single, expected, atol=1e-3)


@pytest.mark.parametrize("name", STEPS)
def test_tensorflow(name):
    found, expected = run(name, "tensorflow"), from_tensorflow(name)
    assert found.shape == expected.shape
    # the log's offset of 1e-6 is a floor here: a difference of up to 1e-6 / band
    quietest = np.min(from_tensorflow("mel_spectrogram"))
    limit = {"log_mel_spectrogram": 1e-6 / quietest, "mfcc": 13e-6 / quietest}.get(name, 1e-11)
    assert limit < 1e-2
    assert np.max(np.abs(found - expected)) <= limit * max(1.0, np.max(np.abs(expected)))


@pytest.mark.parametrize(
    ("name", "limit"),
    # torchaudio's matrix is float32: 1e-5 of the loudest band, and more decibels where it is quiet
    [("mel_spectrogram", 1e-5 * 900), ("log_mel_spectrogram", 1e-3), ("mfcc", 1e-3)],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torchaudio(name, limit, dtype):
    expected = np.load(PATH)[f"torchaudio_{name}"]
    found = run(name, "torchaudio", X.astype(dtype))
    assert found.shape == expected.shape
    assert np.max(np.abs(found - expected)) <= limit


@pytest.mark.parametrize(("name", "limit"), [("log_mel_spectrogram", 1e-4), ("mfcc", 1e-3)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_kaldi(name, limit, dtype):
    expected = np.load(PATH)[f"kaldi_{name}"]
    found = run(name, "kaldi", (32768 * X).astype(dtype))
    assert found.shape == expected.shape
    assert np.max(np.abs(found - expected)) <= limit


def test_kaldi_at_the_floor():
    found = run("log_mel_spectrogram", "kaldi", np.zeros(8000, np.float32))
    np.testing.assert_allclose(found, np.log(np.finfo(np.float32).eps), rtol=1e-6)


def test_kaldis_frames_follow_the_sample_rate():
    frames = ("frame_length", "frame_step", "fft_length")
    for rate, expected in (
        (8000, (200, 80, 256)),
        (16000, (400, 160, 512)),
        (11025, (275, 110, 512)),
    ):
        made = wb.preset("mfcc", "kaldi", sample_rate=rate)
        assert tuple(made[name] for name in frames) == expected


def test_deltas():
    golden = np.load(PATH)
    found = wb.delta(golden["torchaudio_mfcc"], **wb.preset("delta", "torchaudio"))
    np.testing.assert_allclose(found, golden["torchaudio_delta"], atol=2e-5)
    mfcc = golden["torchaudio_mfcc"].astype(np.float64)
    found = wb.delta(mfcc, **wb.preset("delta", "librosa"))
    np.testing.assert_allclose(found, librosa.feature.delta(mfcc, axis=0), atol=1e-10)


def test_pcen_and_decibels_of_librosa():
    mel = librosa.feature.melspectrogram(y=X, sr=22050, dtype=np.float64)
    found = wb.pcen(mel.T, frame_rate=22050 / 512, **wb.preset(wb.pcen, "librosa"))
    np.testing.assert_allclose(found, librosa.pcen(mel).T, atol=1e-10)
    found = wb.decibels(mel.T, **wb.preset(wb.layers.Decibels, "librosa"))
    np.testing.assert_allclose(found, librosa.power_to_db(mel).T, atol=1e-9)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_preset_is_a_dictionary_of_ones_own(library):
    made = wb.preset("mfcc", library)
    made["num_mfccs"] = 99
    assert wb.preset("mfcc", library)["num_mfccs"] != 99
    layer = wb.layers.MFCC(sample_rate=RATE, **wb.preset("mfcc", library))
    assert layer(X[None].astype(np.float32)).shape[-1] == layer.values["num_mfccs"]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: wb.preset("mfcc", "essentia"), ValueError,
         "preset: library must be one of 'librosa', 'torchaudio', 'tensorflow', 'kaldi'; got 'ess"),
        (lambda: wb.preset("resample", "librosa"), ValueError,
         r"preset: op must be one of 'stft', .*'mfcc'.* for librosa; got 'resample'\."),
        (lambda: wb.preset("stft", "kaldi"), ValueError, "op must be .* for kaldi; got 'stft'"),
        (lambda: wb.preset("mfcc", "kaldi", sample_rate=50), ValueError,
         "preset: sample_rate must be at least 100 Hz; got 50"),
        (lambda: wb.preset(print, "librosa"), TypeError, "is not an op"),
    ],
)  # fmt: skip
def test_bad_calls(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
