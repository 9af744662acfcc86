"""Makes features.npz: what torchaudio and Kaldi compute from a signal given by a formula.

Run with torchaudio 2.11 and kaldi-native-fbank 1.22 installed, which the tests do not need:

    python -m tests.golden.make_features
"""

from pathlib import Path

import numpy as np

RATE = 16000
PATH = Path(__file__).with_name("features.npz")


def signal():
    """Half a second of a rising chirp, a decaying chord and some noise, float64."""
    n = np.arange(RATE // 2)
    t = n / RATE
    chirp = 0.3 * np.sin(2 * np.pi * (150 * t + 6000 * t**2))
    chord = sum(np.sin(2 * np.pi * f * t) for f in (220, 277, 1330)) * np.exp(-8 * t) / 10
    noise = ((7919 * n * n + 104729 * n) % 65521 / 65521 - 0.5) / 5
    return chirp + chord + noise + 0.01


def torchaudio_features():
    import torch
    import torchaudio

    x = torch.from_numpy(signal())
    mfcc = torchaudio.transforms.MFCC(RATE).double()
    mel = mfcc.MelSpectrogram(x)
    made = {
        "mel_spectrogram": mel,
        "log_mel_spectrogram": mfcc.amplitude_to_DB(mel),
        "mfcc": mfcc(x),
        "delta": torchaudio.functional.compute_deltas(mfcc(x)),
    }
    return {f"torchaudio_{name}": value.numpy().T for name, value in made.items()}


def kaldi_features():
    import kaldi_native_fbank as knf

    def run(options, extractor):
        options.frame_opts.dither = 0.0
        found = extractor(options)
        found.accept_waveform(RATE, (32768 * signal()).astype(np.float32).tolist())
        found.input_finished()
        return np.array([found.get_frame(i) for i in range(found.num_frames_ready)])

    fbank, mfcc = knf.FbankOptions(), knf.MfccOptions()
    fbank.mel_opts.num_bins = 23
    mfcc.use_energy = False
    return {
        "kaldi_log_mel_spectrogram": run(fbank, knf.OnlineFbank),
        "kaldi_mfcc": run(mfcc, knf.OnlineMfcc),
    }


if __name__ == "__main__":
    made = torchaudio_features() | kaldi_features()
    np.savez_compressed(PATH, **{name: np.float32(value) for name, value in made.items()})
