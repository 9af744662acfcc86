import ipywidgets as widgets
import pytest

import workbench as wb


def shown(widget):
    return widget.layout.display != "none"


@pytest.fixture
def explored():
    def make(**values):
        dashboard = wb.explore(wb.layers.STFT(**values), "speech")
        group = dashboard.panel.groups[1]
        return dashboard, group

    return make


def test_details_are_folded_away_until_asked_for(explored):
    _, group = explored()
    assert not shown(group._details)
    assert group._more.description == "more"
    group._more.value = True
    assert shown(group._details)
    assert group._more.description == "fewer"


def test_a_detail_in_use_is_seen(explored):
    assert shown(explored(center=False)[1]._details)


def test_what_acts_on_one_choice_only_comes_and_goes_with_it(explored):
    dashboard, _ = explored()
    beta = dashboard.controls[0, "kaiser_beta"].widget
    assert not shown(beta)
    dashboard.set(0, window="kaiser")
    assert shown(beta)
    assert not shown(dashboard.controls[0, "gaussian_std"].widget)
    dashboard.set(0, window="hann")
    assert not shown(beta)


def test_a_group_without_details_has_nothing_to_unfold():
    dashboard = wb.explore(wb.layers.Saturate(), "speech")
    group = dashboard.panel.groups[1]
    assert not any(isinstance(each, widgets.ToggleButton) for each in group.widget.children)
