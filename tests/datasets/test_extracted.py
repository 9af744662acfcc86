"""Features that were extracted, as a dataset: the numbers of one that is made of the sound."""

import json
import shutil

import keras
import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

import workbench as wb
from tests.corpus.corpora import run_here
from tests.datasets.recordings import RATE, record, rows, worst
from workbench.corpus import features as pieces
from workbench.corpus import folder as folders
from workbench.corpus import parts
from workbench.datasets import assembly
from workbench.datasets.extracted import Extraction

LIKE_THE_SOUND = 1e-6  # relative to the largest number; the figure
COUNT = 12


def front_end(*more, bands=20):
    mel = wb.layers.LogMelSpectrogram(num_mel_bins=bands, frame_length=128, frame_step=64)
    return wb.Chain([mel, *more], sample_rate=RATE)


def behind(*layers, rate=RATE):
    return wb.Chain(layers, sample_rate=rate)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Sound of two classes, of other rates, lengths and channels; its features in three parts."""
    folder = tmp_path_factory.mktemp("extracted")
    for i in range(COUNT):
        seconds, rate, channels = 0.2 + 0.1 * (i % 3), (RATE, 11025)[i % 2], 1 + i % 2
        record(folder / "src" / "ab"[i // 6] / f"{i:02}.wav", seconds, rate, channels, seed=i)
    with pytest.MonkeyPatch.context() as patch:
        run_here(patch)
        patch.setattr(folders, "_PARTS", 3)
        report = wb.extract(front_end(), folder / "src", folder / "out", progress=False)
    assert (report.files, len(list((folder / "out" / "parts").iterdir()))) == (COUNT, 3)
    return folder


@pytest.fixture
def out(made, tmp_path):
    """A copy to spoil."""
    return shutil.copytree(made / "out", tmp_path / "out")


def extracted(folder, chain=None, *, by=front_end, **options):
    """An extraction of what lies in a folder, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        run_here(patch)
        return wb.extract(by(), folder / "src", folder / "out", progress=False, **options)


def one_by_one(data):
    return [np.asarray(each) for each in data]


@pytest.mark.parametrize("batch_size", [None, 5])
def test_the_numbers_and_labels_of_the_pipeline_from_sound(made, batch_size):
    options = {"batch_size": batch_size, "masks": True}
    found = wb.dataset(made / "out", **options)
    expected = wb.dataset(made / "src", front_end(), **options)
    assert found.element_spec == expected.element_spec
    assert found.class_names == expected.class_names == ("a", "b")
    assert len(found) == len(expected)
    for (x, label), (y, wanted) in zip(found, expected, strict=True):
        assert worst(x["features"], y["features"]) <= LIKE_THE_SOUND
        np.testing.assert_array_equal(x["mask"], y["mask"])
        np.testing.assert_array_equal(label, wanted)
    assert str(found.report).startswith(f"{COUNT} examples, 3.6 s; 8000 Hz, 11025 Hz; a 6, b 6")


def test_labels_by_the_paths_of_the_sources(made):
    files = [f"{i:02}" for i in range(COUNT)]
    assert wb.dataset(made / "out", labels="LABEL.wav").class_names == tuple(files)
    assert wb.dataset(made / "out", labels="LABEL/*").class_names == ("a", "b")
    data = wb.dataset(made / "out", labels="LABEL/*", class_names=["b", "a"], batch_size=None)
    assert [int(label) for _, label in data] == [1] * 6 + [0] * 6
    plain = wb.dataset(made / "out", labels=None)
    assert plain.class_names == ()
    assert isinstance(plain.element_spec, tf.TensorSpec)
    with pytest.raises(ValueError, match=r"line 1, .*00.wav: its name does not fit '0LABEL_"):
        wb.dataset(made / "out", labels="0LABEL_*")
    with pytest.raises(ValueError, match=r"dataset: labels must be .* source is not a list"):
        wb.dataset(made / "out", labels=["a"] * COUNT)


def test_a_chain_goes_on_where_the_design_has_ended(made):
    dense = keras.layers.Dense(3, kernel_initializer=keras.initializers.GlorotUniform(1))
    more = [wb.layers.PCEN(time_constant_seconds=0.1), wb.layers.Standardize(), dense]
    energies = wb.layers.MelSpectrogram(num_mel_bins=20, frame_length=128, frame_step=64)
    with pytest.MonkeyPatch.context() as patch:
        run_here(patch)
        chain = wb.Chain([energies], sample_rate=RATE)
        wb.extract(chain, made / "src", made / "mel", progress=False)
    data = wb.dataset(made / "mel", behind(*more), labels=None, batch_size=None)
    whole = wb.Chain([energies, *more], sample_rate=RATE)  # which gives PCEN 125 frames a second
    expected = wb.dataset(made / "src", whole, labels=None, batch_size=None)
    for found, wanted in zip(one_by_one(data), one_by_one(expected), strict=True):
        assert worst(found, wanted) <= LIKE_THE_SOUND
    with pytest.raises(ValueError, match=r"PCEN: frame_rate must be .*125"):
        wb.dataset(made / "mel", behind(wb.layers.PCEN(frame_rate=RATE)))


def test_features_are_fitted_by_a_layer(made):
    fit = wb.layers.FitLength(length=40, mask_padding=True)
    ((x, _),) = wb.dataset(made / "out", behind(fit), masks=True)
    ((y, _),) = wb.dataset(made / "out", masks=True)
    assert x["features"].shape == (COUNT, 40, 20)
    np.testing.assert_array_equal(x["mask"], y["mask"][:, :40])
    steps = min(40, y["features"].shape[1])
    np.testing.assert_array_equal(x["features"][:, :steps], y["features"][:, :steps])


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        (front_end(), "chain must take the features that are extracted, time .s. by mel band"),
        (behind(wb.layers.Standardize(), wb.layers.STFT()), "got STFT, which takes sound"),
        (behind(wb.layers.Standardize(), rate=16000), "be at the 8000 Hz of the design.*got 16000"),
    ],
)
def test_a_chain_that_wants_sound_is_refused(made, chain, message):
    with pytest.raises(ValueError, match=f"dataset: .*{message}"):
        wb.dataset(made / "out", chain)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_rate": RATE}, r"sample_rate must be left None for .*; got 8000\. It is that"),
        ({"channels": "split"}, "channels must be left 'mix' for features that are extracted"),
        ({"length_seconds": 1.0}, r"length_seconds must .*\. Begin the chain with wb.layers.FitLe"),
        ({"keep": "end"}, "keep must be left 'start'"),
    ],
)
def test_options_of_sound_are_refused(made, options, message):
    with pytest.raises(ValueError, match=f"dataset: {message}"):
        wb.dataset(made / "out", **options)


@pytest.mark.parametrize("cache", [False, True])
def test_another_order_in_each_epoch_the_same_by_the_seed_and_nothing_lost(made, cache):
    options = {"labels": "LABEL.wav", "batch_size": 5, "shuffle": True, "cache": cache}
    one, other = (wb.dataset(made / "out", seed=3, **options) for _ in range(2))
    plain = one_by_one(wb.dataset(made / "out", labels=None, batch_size=None))
    orders = []
    for _ in range(3):
        order = []
        for (x, label), (y, same) in zip(one, other, strict=True):
            np.testing.assert_array_equal(x, y)
            np.testing.assert_array_equal(label, same)
            order += label.numpy().tolist()
            for row, number in zip(x, label, strict=True):
                np.testing.assert_array_equal(row[: len(plain[number])], plain[number])
        assert sorted(order) == list(range(COUNT))
        orders.append(tuple(order))
    assert len(set(orders)) == 3
    parts_of = [number // 4 for number in orders[0]]
    assert parts_of != sorted(parts_of)  # they are mixed across parts


def test_what_does_not_fit_into_memory_is_shuffled_part_by_part(made, monkeypatch):
    monkeypatch.setattr(assembly, "_SHUFFLED_BYTES", 4000)  # one example, or two
    monkeypatch.setattr(assembly, "_OPEN_PARTS", 1)
    data = wb.dataset(made / "out", labels="LABEL.wav", batch_size=None, shuffle=True, seed=1)
    orders = [[int(label) for _, label in data] for _ in range(4)]
    assert all(sorted(order) == list(range(COUNT)) for order in orders)
    assert len({tuple(order) for order in orders}) > 1
    for order in orders:
        assert len({number // 4 for number in order[:3]}) == 1


def test_augmentation_is_drawn_anew(made):
    augment = wb.layers.SpecAugment(time_mask_width=8, frequency_mask_width=6, mask_value=-99.0)
    for data in (
        wb.dataset(made / "out", augment=augment, labels=None, seed=1),
        wb.dataset(made / "out", behind(augment), training=True, labels=None, seed=1),
    ):
        first, second = rows(data), rows(data)
        assert not np.array_equal(first, second)
        plain = rows(wb.dataset(made / "out", labels=None))
        np.testing.assert_array_equal(first[first != -99.0], plain[first != -99.0])
        assert np.any(first == -99.0)
    np.testing.assert_array_equal(
        rows(wb.dataset(made / "out", behind(augment), labels=None)), plain
    )


def test_channels_that_are_split_are_examples(tmp_path):
    paths = [record(tmp_path / "src" / f"{i}.wav", 0.3, RATE, 2, seed=i) for i in range(2)]
    extracted(tmp_path, channels="split")
    data = wb.dataset(tmp_path / "out", batch_size=None)
    expected = wb.dataset(paths, front_end(), channels="split", batch_size=None)
    assert len(data) == 4
    for found, wanted in zip(one_by_one(data), one_by_one(expected), strict=True):
        assert worst(found, wanted) <= LIKE_THE_SOUND


def test_a_long_recording_comes_whole_out_of_its_rows(tmp_path, monkeypatch):
    for name, size in {"SHORT": 1000, "CHUNK": 1500, "PIECE": 20 * 17}.items():
        monkeypatch.setattr(pieces, name, size)
    path = record(tmp_path / "src" / "a.wav", 2.0, RATE, 2)
    extracted(tmp_path, channels="split")
    data = one_by_one(wb.dataset(tmp_path / "out", batch_size=None))
    monkeypatch.undo()
    expected = one_by_one(wb.dataset([path], front_end(), channels="split", batch_size=None))
    for found, wanted in zip(data, expected, strict=True):
        assert worst(found, wanted) <= LIKE_THE_SOUND


def test_vectors_have_no_time(tmp_path):
    record(tmp_path / "src" / "a.wav")
    pool = keras.layers.GlobalAveragePooling1D
    extracted(tmp_path, by=lambda: front_end(pool()))
    data = wb.dataset(tmp_path / "out")
    assert data.element_spec.shape.as_list() == [None, 20]
    with pytest.raises(ValueError, match="dataset: masks must be False: the features have no time"):
        wb.dataset(tmp_path / "out", masks=True)


def test_double_precision_stays(tmp_path):
    record(tmp_path / "src" / "a.wav")
    layer = wb.layers.LogMelSpectrogram(num_mel_bins=20, frame_length=128, dtype="float64")
    extracted(tmp_path, by=lambda: wb.Chain([layer], sample_rate=RATE, dtype="float64"))
    assert wb.dataset(tmp_path / "out").element_spec.dtype == tf.float64


def test_a_classifier_is_fitted_to_them(made):
    data = wb.dataset(made / "out", behind(wb.layers.Standardize()), shuffle=True, cache=True)
    layers = [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(2, activation="softmax")]
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy")
    history = model.fit(data, epochs=2, verbose=0, shuffle=False)
    assert np.all(np.isfinite(history.history["loss"]))


def part(out, number):
    return out / "parts" / f"part-{number:05d}.parquet"


def lacking(out):
    part(out, 1).unlink()


def shortened(out):
    part(out, 1).write_bytes(part(out, 1).read_bytes()[:-9])


def exchanged(out):
    shutil.copy(part(out, 0), part(out, 1))


def of_another_design(out):
    src = out.parent.parent / "x"
    record(src / "src" / "a.wav")
    extracted(src, by=lambda: front_end(bands=10))
    shutil.copy(part(src / "out", 0), part(out, 1))


def of_other_sound(out):
    """As if the files had been others when this part was made."""
    lines = (out / "manifest.jsonl").read_text().splitlines()
    said = [json.loads(line) for line in lines]
    changed = [each | {"sha256": "0" * 64} if each["part"] == 1 else each for each in said]
    (out / "manifest.jsonl").write_text("\n".join(map(json.dumps, changed)))


KNOWN_AT_ONCE = {
    lacking: "part-00001.parquet is missing",
    shortened: "part-00001.parquet cannot be read",
    exchanged: "part-00001.parquet is not the one it was extracted into",
    of_another_design: "part-00001.parquet was made by another design",
    of_other_sound: "part-00001.parquet is not the one it was extracted into",
}


@pytest.mark.parametrize(("spoil", "why"), KNOWN_AT_ONCE.items())
def test_parts_that_are_missing_or_others_are_raised_or_reported(out, spoil, why):
    spoil(out)
    with pytest.raises(ValueError, match=rf"dataset: source must hold .*, line 5, .*04.wav: {why}"):
        wb.dataset(out)
    data = wb.dataset(out, on_error="skip")
    assert sum(len(label) for _, label in data) == 8
    assert [fault.why.startswith(why) for fault in data.report.skipped] == [True] * 4


def test_a_part_that_was_changed_is_found_by_its_checksums(out):
    content = bytearray(part(out, 1).read_bytes())
    content[len(content) // 2] ^= 1  # one bit of a feature
    part(out, 1).write_bytes(content)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"dataset: part-00001.* is damaged"):
        list(wb.dataset(out))
    data = wb.dataset(out, on_error="skip")
    assert data.report.skipped == ()
    for _ in range(2):
        assert sum(len(label) for _, label in data) == 8
        assert len(data.report.skipped) == 4
        assert "part-00001.parquet is damaged" in data.report.skipped[0].why
    assert data.report.counts == {"a": 4, "b": 4}


def test_what_failed_or_is_still_to_come_is_reported(tmp_path):
    record(tmp_path / "src" / "a.wav")
    bad = record(tmp_path / "src" / "b.wav")
    bad.write_bytes(bad.read_bytes()[:100])
    extracted(tmp_path)
    with pytest.raises(ValueError, match=r"dataset: source must hold .*b.wav is truncated"):
        wb.dataset(tmp_path / "out")
    (fault,) = wb.dataset(tmp_path / "out", on_error="skip").report.skipped
    assert "b.wav is truncated" in fault.why
    path = tmp_path / "out" / "manifest.jsonl"
    first, second = map(json.loads, path.read_text().splitlines())
    pending = second | {"status": "pending", "reason": None}
    path.write_text(f"{json.dumps(first)}\n{json.dumps(pending)}\n")
    with pytest.raises(ValueError, match="not extracted yet; run the extraction again"):
        wb.dataset(tmp_path / "out")
    path.write_text(json.dumps(first | {"status": "fine"}))
    with pytest.raises(
        ValueError, match=r"status.* must be 'ok', 'failed' or 'pending'; got 'fine"
    ):
        wb.dataset(tmp_path / "out")


def test_another_design_in_the_folder_is_not_gone_on_from(out):
    other = front_end(bands=10)
    other.save(out / "design.keras")
    assert len(wb.dataset(out)) == 1  # it is not needed
    with pytest.raises(ValueError, match="dataset: source must hold the design it was made by"):
        wb.dataset(out, behind(wb.layers.Standardize()))


def test_groups_of_rows_are_in_memory_and_not_a_whole_part(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "_GROUP", 1 << 14)
    monkeypatch.setattr(folders, "_PARTS", 1)
    for i in range(40):
        record(tmp_path / "src" / f"{i:02}.wav", 8.0, seed=i)
    extracted(tmp_path)
    source = Extraction(tmp_path / "out")
    examples = source.take_inventory(None, None, False).examples
    assert {each.part for each in examples} == {0}
    before, peak = pa.total_allocated_bytes(), 0
    for _ in source.features(0, examples):
        peak = max(peak, pa.total_allocated_bytes() - before)
    assert 0 < peak < 4 * source.values([0]) / 4  # a quarter of the bytes of all features
