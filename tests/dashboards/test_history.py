import pytest

from workbench.dashboards.history import History


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def history(clock):
    return History("a", clock=clock)


def record(history, clock, *moves, pause=0.1):
    for state, moved in moves:
        clock.now += pause
        history.record(state, moved)


def states(history):
    """All of them, oldest first."""
    while history.peek(-1) is not None:
        history.go(-1)
    found = [history.now]
    while history.peek(+1) is not None:
        found.append(history.go(+1))
    return found


def test_at_first_there_is_nowhere_to_go(history):
    assert (history.now, history.peek(-1), history.peek(+1)) == ("a", None, None)
    for by in (-1, +1):
        with pytest.raises(IndexError, match="there is no state"):
            history.go(by)
    assert history.now == "a"


def test_one_goes_back_and_forward(history, clock):
    record(history, clock, ("b", "x"), ("c", "y"))
    assert [history.go(-1), history.go(-1)] == ["b", "a"]
    assert (history.peek(-1), history.peek(+1)) == (None, "b")
    assert [history.go(+1), history.go(+1)] == ["b", "c"]


def test_a_look_moves_nothing(history, clock):
    record(history, clock, ("b", "x"))
    assert history.peek(-1) == "a"
    assert history.now == "b"


def test_moves_of_one_control_within_a_second_are_one_step(history, clock):
    record(history, clock, ("b", "x"), ("c", "x"), ("d", "x"), pause=0.9)  # 2.7 s in all
    assert states(history) == ["a", "d"]


def test_a_move_there_and_back_leaves_no_step(history, clock):
    record(history, clock, ("b", "x"), ("a", "x"))
    assert states(history) == ["a"]


def test_after_a_pause_a_move_is_a_step(history, clock):
    record(history, clock, ("b", "x"), ("c", "x"), pause=1.1)
    assert states(history) == ["a", "b", "c"]


def test_another_control_is_another_step(history, clock):
    record(history, clock, ("b", "x"), ("c", "y"), ("d", "x"))
    assert states(history) == ["a", "b", "c", "d"]


def test_what_is_no_control_is_never_joined(history, clock):
    record(history, clock, ("b", None), ("c", None))
    assert states(history) == ["a", "b", "c"]


def test_the_same_state_again_is_no_step_and_keeps_what_is_ahead(history, clock):
    record(history, clock, ("b", "x"))
    history.go(-1)
    record(history, clock, ("a", "x"))
    assert states(history) == ["a", "b"]


def test_a_change_after_going_back_forgets_what_was_ahead(history, clock):
    record(history, clock, ("b", "x"), ("c", "y"))
    history.go(-1)
    record(history, clock, ("d", "y"))
    assert states(history) == ["a", "b", "d"]


def test_a_move_right_after_going_back_does_not_overwrite_where_one_is(history, clock):
    record(history, clock, ("b", "x"), ("c", "x"), ("d", "y"))
    history.go(-1)
    record(history, clock, ("e", "y"))
    assert states(history) == ["a", "c", "e"]
    history.go(-2)
    record(history, clock, ("f", "x"))
    assert states(history) == ["a", "f"]


def test_the_oldest_are_forgotten(clock):
    history = History(0, most=3, clock=clock)
    record(history, clock, *((number, None) for number in range(1, 10)))
    assert history.now == 9
    assert states(history) == [7, 8, 9]


def test_what_weighs_too_much_is_forgotten_but_for_one_step_back(clock):
    history = History(5, bearable=lambda states: sum(states[:-1]) <= 9, clock=clock)
    record(history, clock, (4, None), (3, None))
    assert states(history) == [5, 4, 3]
    record(history, clock, (20, None))
    assert states(history) == [4, 3, 20]
    record(history, clock, (2, None))
    assert states(history) == [20, 2]  # both as they are: one can go back
