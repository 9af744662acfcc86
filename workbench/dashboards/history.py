"""Where one has been: states to go back to and forward to again."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

State = TypeVar("State")

PAUSE = 1.0  # seconds after which a move of the same control is a step of its own
MOST = 200  # steps that are kept


class History(Generic[State]):
    """States in the order in which they came, of which one is that of now.

    >>> history = History("first")
    >>> history.record("second")
    >>> history.go(-1), history.go(+1)
    ('first', 'second')

    Args:
        first: The state at the beginning.
        most: How many states are kept; the oldest are forgotten.
        bearable: Whether all of these may be kept. While they may not the oldest are forgotten, but
            for the last two.
        clock: Tells the time in seconds.
    """

    def __init__(
        self,
        first: State,
        *,
        most: int = MOST,
        bearable: Callable[[Sequence[State]], bool] = lambda _: True,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._states = [first]
        self._now = 0
        self._most, self._bearable = most, bearable
        self._clock = clock
        self._last: tuple[Hashable, float] | None = None

    @property
    def now(self) -> State:
        """The state of now."""
        return self._states[self._now]

    def record(self, state: State, moved: Hashable = None) -> None:
        """Adds a state after that of now, and forgets what came after it.

        Args:
            state: The new state; one that equals that of now is no step.
            moved: What was moved. Moves of the same thing, each within a second of the last one,
                are one step; None is a step of its own.
        """
        if state == self.now:
            return
        moment, last = self._clock(), self._last
        again = last is not None and last[0] == moved and moment - last[1] < PAUSE
        kept = self._states[: self._now + 1 - again]
        there_and_back = again and kept[-1:] == [state]
        self._states = kept if there_and_back else [*kept, state]
        del self._states[: -self._most]
        while len(self._states) > 2 and not self._bearable(self._states):
            del self._states[0]
        self._now = len(self._states) - 1
        self._last = None if moved is None else (moved, moment)

    def peek(self, by: int) -> State | None:
        """The state so many steps ahead (below 0: back); None where there is none."""
        there = self._now + by
        return self._states[there] if 0 <= there < len(self._states) else None

    def go(self, by: int) -> State:
        """Makes the state so many steps ahead (below 0: back) that of now.

        Raises:
            IndexError: There is none.
        """
        state = self.peek(by)
        if state is None:
            raise IndexError(f"there is no state {by:+d} steps from here")
        self._now += by
        self._last = None
        return state
