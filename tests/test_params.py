from typing import Annotated

import numpy as np
import pytest
import tensorflow as tf

from workbench.errors import ParameterError, ParameterTypeError
from workbench.params import Param, describe, read_parameters


def example(
    signal,
    *,
    count: Annotated[int, Param("How many.", unit="samples", low=1, high=8)],
    level: Annotated[float, Param("How loud.", unit="dB", slider=(-1, 1), differentiable=True)] = 0,
    width: Annotated[float, Param("How wide.", unit="Hz", low=0, open_low=True)] | None = None,
    shape: Annotated[str, Param("Which.", choices=("round", "square"))] = "round",
    fast: Annotated[bool, Param("Hurry.")] = False,
    pair: Annotated[tuple[int, int], Param("Two.", low=0)] = (1, 2),
):
    pass


DECLARED = read_parameters(example)


def test_only_keywords_are_parameters_in_order():
    assert list(DECLARED) == ["count", "level", "width", "shape", "fast", "pair"]
    assert DECLARED["count"].required
    assert not DECLARED["level"].required
    assert DECLARED["width"].optional


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("count", 3, 3),
        ("count", np.int64(3), 3),
        ("count", 3.0, 3),
        ("level", 2, 2.0),
        ("level", np.float32(0.5), 0.5),
        ("width", None, None),
        ("width", 1e-9, 1e-9),
        ("shape", "square", "square"),
        ("fast", True, True),
        ("pair", [3, 4.0], (3, 4)),
    ],
)
def test_legal_values_come_back_in_the_declared_type(name, given, kept):
    checked = DECLARED[name].check(given)
    assert checked == kept
    ones = checked if type(checked) is tuple else (checked,)
    assert checked is None or {type(one) for one in ones} == {DECLARED[name].kind}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("count", 0, "count must be a whole number of samples, at least 1 and at most 8; got 0."),
        ("count", 9, "at most 8; got 9."),
        ("count", 2.5, "got 2.5."),
        ("level", float("nan"), "level must be a finite number of dB; got nan."),
        ("level", float("inf"), "got inf."),
        ("width", 0.0, "width must be a finite number of hertz, above 0 or None; got 0.0."),
        ("pair", (1, -1), "pair must be 2 whole numbers, each at least 0; got -1."),
        ("shape", "oval", "shape must be one of 'round', 'square'; got 'oval'."),
    ],
)
def test_illegal_values(name, value, message):
    with pytest.raises(ParameterError) as caught:
        DECLARED[name].check(value)
    assert message in str(caught.value)
    assert caught.value.parameters == (name,)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("count", "3", "got '3'."),
        ("count", True, "got True."),
        ("count", None, "got None."),
        ("count", tf.constant(3), "It is not differentiable; give a plain number."),
        ("shape", 1, "got 1."),
        ("pair", 1, "pair must be 2 whole numbers, each at least 0; got 1."),
        ("pair", (1, 2, 3), "got (1, 2, 3)."),
        ("pair", (1, "2"), "got '2'."),
        (
            "pair",
            tf.constant([1.0, 2.0]),
            "of them; got a tensor float32 of shape (2,).",
        ),
        ("pair", tf.constant(1), "of shape ()."),
        ("fast", 1, "fast must be True or False; got 1."),
        ("level", [1.0], "got [1.0]."),
    ],
)
def test_wrong_types(name, value, message):
    with pytest.raises(ParameterTypeError) as caught:
        DECLARED[name].check(value)
    assert message in str(caught.value)
    assert isinstance(caught.value, TypeError)


def test_tensors_pass_where_a_gradient_can_reach():
    tensor = tf.constant(2.0)
    assert DECLARED["level"].check(tensor) is tensor


def test_several_integers_pass_as_a_tensor():
    tensor = tf.constant([1, 2])
    assert DECLARED["pair"].check(tensor) is tensor
    assert DECLARED["pair"].annotation == tuple[int, int]
    text = " ".join(describe(DECLARED["pair"]).split())
    assert text.endswith("Default: (1, 2). A tensor of them is accepted.")


def test_description_gives_meaning_rule_and_default():
    text = " ".join(describe(DECLARED["level"]).split())
    expected = "level: How loud. Must be a finite number of dB. Default: 0. Differentiable"
    assert text.startswith(expected)
    assert "Default" not in describe(DECLARED["count"])


def test_a_parameter_without_a_declaration_is_refused():
    def careless(signal, *, count: int = 3):
        pass

    with pytest.raises(TypeError, match="count must be declared as Annotated"):
        read_parameters(careless)


def test_errors_survive_being_raised_again_from_their_message():
    error = ParameterError("a", "be 1", 2)
    error.named("op")
    error.named("other")
    assert str(error) == "op: a must be 1; got 2."
    assert str(type(error)(str(error))) == str(error)
