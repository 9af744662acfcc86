"""A minute of a user who tries everything: `python -m benchmarks soak` goes on for longer."""

import pytest

from benchmarks.soak import growth, soak

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SEED = 5
ACTIONS = 40  # also where a busy machine needs more than a minute for them


def test_a_minute_of_everything_without_an_error_or_a_stale_picture():
    found = soak(1.0, SEED, ACTIONS, filled=False)
    assert found.actions >= ACTIONS
    assert found.witness.redrawn == found.actions
    assert set(growth(found.samples)) >= {
        "kernel MiB",
        "kernel MiB held",
        "page MiB",
        "widgets",
        "threads",
    }
