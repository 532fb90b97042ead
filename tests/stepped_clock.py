"""Clock that only sleeping and the test let go on: what happens when time is over does not depend on the load."""

from __future__ import annotations


class SteppedClock:
    """Takes the place of the module ``time`` in a module that waits."""

    def __init__(self) -> None:
        self.now = 0.0
        """In seconds."""

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
