"""The field's example: a classifier of clips is a short call, and hears what it has not heard."""

import csv

import keras
import numpy as np

import workbench as wb
from workbench.clips import clips

# Not the chirp: each part of it is another frequency, so that none stands for the others.
CLASSES = ("drums", "plucked_string", "siren", "speech")
LEARNT, HELD_OUT = (0.0, 0.6), (0.61, 1.0)  # parts of each clip; they share no sample
EPOCHS = 12


def manifest(path, part, count, seed):
    """Excerpts of 0.5 to 1 s from a part of each clip."""
    rng = np.random.default_rng(seed)
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "label", "start", "end"])
        for name in CLASSES:
            clip = clips()[name]
            first, last = (place * clip.seconds for place in part)
            for seconds in rng.uniform(0.5, 1.0, count):
                start = rng.uniform(first, last - seconds)
                table.writerow([clip.path, name, start, start + seconds])
    return path


def classifier(steps):
    features = keras.Input((None, 80), name="features")
    mask = keras.Input((None,), dtype="bool", name="mask")
    heard = keras.layers.Rescaling(1 / 40, offset=1)(features)
    heard = keras.layers.Conv1D(24, 5, padding="same", activation="relu")(heard)
    heard = keras.layers.GlobalAveragePooling1D()(heard, mask=mask)
    chances = keras.layers.Dense(len(CLASSES), activation="softmax")(heard)
    model = keras.Model({"features": features, "mask": mask}, chances)
    rate = keras.optimizers.schedules.CosineDecay(8e-3, steps)
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def test_a_small_classifier_knows_clips_that_it_has_not_heard(tmp_path):
    keras.utils.set_random_seed(1)
    mel = wb.layers.LogMelSpectrogram(frame_length=512, frame_step=256, num_mel_bins=80)
    chain = wb.Chain([wb.layers.Normalize(kind="rms"), mel], sample_rate=16000)
    learnt = manifest(tmp_path / "learnt.csv", LEARNT, 40, seed=1)
    held_out = manifest(tmp_path / "held_out.csv", HELD_OUT, 25, seed=2)
    options = {"length_seconds": 2.0, "masks": True, "cache": True, "seed": 1}
    augment = wb.layers.SpecAugment(mask_value=None)
    train = wb.dataset(learnt, chain, shuffle=True, augment=augment, **options)
    test = wb.dataset(held_out, chain, **options)
    ends = {e.entry.path: 0 for e in train.report.examples}
    for example in train.report.examples:
        ends[example.entry.path] = max(ends[example.entry.path], example.first + example.count)
    assert all(e.first >= ends[e.entry.path] for e in test.report.examples)

    model = classifier(steps=EPOCHS * len(train))
    before = model.evaluate(test, verbose=0, return_dict=True)["accuracy"]
    model.fit(train, epochs=EPOCHS, verbose=0, shuffle=False)
    after = model.evaluate(test, verbose=0, return_dict=True)["accuracy"]
    assert before < 0.6
    assert after > 0.95
