"""`NUMBERS` is raised where a design computes other numbers: else old parts would stand by new."""

import json

import numpy as np
import pytest

from tests.golden.make_numbers import PATH, numbers_of
from tests.ops import LAYERED, named
from workbench.corpus.folder import NUMBERS

STORED = json.loads(PATH.read_text())
REMEDY = "Raise NUMBERS in workbench/corpus/folder.py, and run python -m tests.golden.make_numbers."


def test_the_stored_numbers_are_those_of_today():
    assert STORED["NUMBERS"] == NUMBERS, REMEDY
    assert STORED.keys() - {"NUMBERS"} == {op.name for op in LAYERED}, REMEDY


@pytest.mark.parametrize("op", LAYERED, ids=named)
def test_an_op_computes_the_numbers_that_are_stored(op):
    found, stored = np.array(numbers_of(op)), np.array(STORED[op.name])
    # 1e-7: far above what double precision rounds, and as far below what anybody would change
    assert np.max(np.abs(found - stored)) <= 1e-7 * np.max(np.abs(stored)), REMEDY
