"""What a page that is for others may read: the recordings of one folder, by no way any other."""

import os

import ipywidgets as widgets
import numpy as np
import pytest

import workbench as wb
from workbench.dashboards import folder
from workbench.dashboards.controls import looks
from workbench.dashboards.sources import source_again
from workbench.errors import ParameterError

RULE = "path must be a recording of the folder that this page may choose from"
SECONDS = {"inside.wav": 0.1, "deeper/below.wav": 0.2}


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder with recordings, one that lies beside it, and links between them."""
    shelf, beside = tmp_path / "shelf", tmp_path / "beside"
    for path in (shelf / "deeper", beside):
        path.mkdir(parents=True)
    for name, seconds in SECONDS.items():
        wb.audio.write(shelf / name, np.zeros(round(8000 * seconds)), sample_rate=8000)
    wb.audio.write(beside / "secret.wav", np.ones(800), sample_rate=8000)
    (shelf / "linked.wav").symlink_to(beside / "secret.wav")
    (shelf / "folder").symlink_to(beside)
    (shelf / "again.wav").symlink_to(shelf / "inside.wav")
    (shelf / "circle.wav").symlink_to(shelf / "circle.wav")
    (shelf / "notes.txt").write_text("not a recording")
    os.mkfifo(shelf / "pipe.wav")
    (tmp_path / "shelf too").mkdir()
    wb.audio.write(tmp_path / "shelf too" / "near.wav", np.ones(800), sample_rate=8000)
    monkeypatch.setenv(folder.VARIABLE, str(shelf))
    return shelf


LEAVING = (
    "../beside/secret.wav",
    "deeper/../../beside/secret.wav",
    "{shelf}/../beside/secret.wav",
    "{shelf} too/near.wav",
    "linked.wav",
    "folder/secret.wav",
    "circle.wav",
    "pipe.wav",
    "missing.wav",
    "deeper",
    "/etc/passwd",
    "/dev/zero",
    "~/inside.wav",
    "in\0side.wav",
    "",
)


def test_a_page_for_others_hides_the_path_and_no_other_control(shelf):
    choices = wb.explore("delay", "siren").panel.choices
    assert choices.path.layout.display == "none"
    for (kind, values), shared in looks._shared.items():  # widgets of the same look have one layout
        if kind is widgets.Layout:
            assert shared.display == dict(values).get("display")


@pytest.fixture(params=["typed", "design"])
def dashboard(request):
    """A dashboard and a way in which a page says a path; a message of it is returned."""
    dashboard = wb.explore("stft", "siren")

    def typed(path):
        dashboard.panel.choices.path.value = path
        return dashboard.panel.choices.error

    def restored(path):
        state = {**dashboard.controller.state(), "source": {"path": path}}
        try:
            dashboard.controller.restore(state)
        except ParameterError as error:
            return str(error)
        return ""

    dashboard.say = {"typed": typed, "design": restored}[request.param]
    return dashboard


@pytest.mark.parametrize("path", LEAVING)
def test_no_path_leaves_the_folder(shelf, dashboard, path):
    before = dashboard.controller.source
    said = dashboard.say(path.format(shelf=shelf))
    assert dashboard.controller.source is before
    if path.strip():  # an empty field is no wish
        assert RULE in said


@pytest.mark.parametrize(
    "path", ["inside.wav", "deeper/below.wav", "again.wav", "{shelf}/inside.wav"]
)
def test_what_lies_in_it_may_be_chosen_and_is_called_as_it_lies_there(shelf, dashboard, path):
    assert dashboard.say(path.format(shelf=shelf)) == ""
    name = "inside.wav" if "below" not in path else "deeper/below.wav"
    source = dashboard.controller.source
    assert source.clip.seconds == pytest.approx(SECONDS[name])
    assert source.state() == {"path": name}
    assert str(shelf) not in dashboard.code()
    assert source_again(source.state()).clip.signal.shape == source.clip.signal.shape


def test_the_choice_lists_them_and_no_others(shelf):
    choices = wb.explore("stft", "siren").panel.choices
    labels = [label for label, _ in choices.source.options]
    assert labels[:3] == ["again.wav", "deeper/below.wav", "inside.wav"]
    assert not {"linked.wav", "circle.wav", "pipe.wav", "notes.txt"} & set(labels)
    assert choices.path.layout.display == "none"
    choices.source.value = shelf / "deeper/below.wav"
    assert choices.error == ""
    assert choices.source.label == "deeper/below.wav"


def test_without_a_folder_there_are_only_the_clips_that_come_along(shelf, dashboard, monkeypatch):
    monkeypatch.setenv(folder.VARIABLE, "")
    assert folder.recordings() == []
    assert RULE in dashboard.say(str(shelf / "inside.wav"))
    dashboard.panel.choices.source.value = "drums"
    assert dashboard.controller.source.name == "drums.flac"


def test_code_that_opens_a_dashboard_reads_what_it_likes(shelf):
    path = shelf.parent / "beside" / "secret.wav"
    dashboard = wb.explore("stft", path)
    dashboard.controller.restore(dashboard.controller.state())  # it is at hand
    assert dashboard.controller.source.clip.path == path


def test_a_person_alone_may_name_any_file(shelf, dashboard, monkeypatch):
    monkeypatch.delenv(folder.VARIABLE)
    assert dashboard.say(str(shelf / "linked.wav")) == ""
    assert dashboard.controller.source.state() == {"path": str(shelf / "linked.wav")}
