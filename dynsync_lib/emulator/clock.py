"""The emulator's time: the machine's own, moved or stopped by the control plane.

Where it is used: door, control; everything else gets the time with the call.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Seconds since 1970. A stopped clock moves only when it is advanced."""

    def __init__(self, machine_s: Callable[[], float] = time.time) -> None:
        self._machine_s = machine_s
        self.reset()

    def now_s(self) -> float:
        """The time as the emulator sees it."""
        return self._offset_s if self._is_stopped else self._machine_s() + self._offset_s

    def stop(self, at_s: float) -> None:
        """Stops at a time."""
        self._is_stopped, self._offset_s = True, at_s

    def advance(self, seconds: float) -> None:
        """Moves on, stopped or not. Raises ValueError when asked to go back."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self._offset_s += seconds

    def reset(self) -> None:
        """The machine's time again."""
        self._is_stopped, self._offset_s = False, 0.0
