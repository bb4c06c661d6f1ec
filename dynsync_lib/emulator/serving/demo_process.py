"""Serves the demo world from a process of its own, so that the pull can read on one processor core while the emulated
portals answer on another.

Facts
    * The process starts at once and prints its addresses when both portals answer; meanwhile the caller can do other
      work.
    * It ends when its standard input is closed, so it never outlives its parent process.

Where it is used: the demo.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal

from dynsync_lib.errors import DynsyncError
from dynsync_lib.processes import leave_stops_to_the_parent, python_call

_CALL: Final = python_call("dynsync_lib.emulator.serving.demo_process")
_END_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Served:
    """What the process prints: the text of a dynsync.toml that fits the world, and the addresses and secrets of the
    portals (as `emulator.serving.emulator.Emulator.addresses` gives them)."""

    settings: str
    addresses: dict[str, dict[str, str]]


class DemoPortals:
    """A context manager that serves the demo world from another process and ends it on leaving."""

    def __enter__(self) -> DemoPortals:
        self._process: subprocess.Popen[str] = subprocess.Popen(  # noqa: S603
            _CALL, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        self.ask_to_stop()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return False

    def wait_until_served(self) -> Served:
        """Waits until both portals answer and gives their settings and addresses.

        Raises DynsyncError if the process ended.
        """
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise DynsyncError(
                "The emulated portals ended before they answered.", next_step="Run `dynsync emulator` to see why."
            )
        served: dict[str, Any] = json.loads(line)
        return Served(served["settings"], served["addresses"])

    @property
    def exit_code(self) -> int | None:
        """The exit code of the process; None while it runs."""
        return self._process.returncode

    def ask_to_stop(self) -> None:
        """Asks the process to end and returns without waiting for it."""
        if self._process.stdin is not None:
            self._process.stdin.close()


def serve_until_left() -> None:
    """Serves the demo world, prints one JSON line with its settings and addresses, returns when standard input is
    closed."""
    from dynsync_lib.emulator.serving.emulator import Emulator
    from dynsync_lib.emulator.world.demo_world import build_world

    leave_stops_to_the_parent()
    world = build_world()
    with Emulator(world) as emulator:
        sys.stdout.write(json.dumps({"settings": world.settings, "addresses": emulator.addresses}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    serve_until_left()
