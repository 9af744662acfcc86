"""A minute of a user who tries everything: `python -m benchmarks soak` goes on for longer."""

import pytest

from benchmarks.soak import DASHBOARDS, growth, soak

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SEED = 5


def test_a_minute_of_everything_without_an_error_or_a_stale_picture():
    found = soak(1.0, SEED)
    assert found.actions > DASHBOARDS
    assert found.witness.redrawn > DASHBOARDS
    assert set(growth(found.samples)) >= {"kernel MiB", "page MiB", "widgets", "threads"}
