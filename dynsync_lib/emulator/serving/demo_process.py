"""Both portals of the demo world in a process of their own: they answer on one core while the pull reads on another.

Facts
    * The process begins at once and tells its addresses when it serves; whoever started it can do other things first.
    * It ends when its standard input is closed, so it never outlives whoever started it.

Where it is used: the demo.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal

from dynsync_lib.errors import DynsyncError

_CALL: Final = (sys.executable, "-m", "dynsync_lib.emulator.serving.demo_process")
_END_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Served:
    """The settings that fit the world, as TOML, and where its portals are
    (`emulator.serving.emulator.Emulator.addresses`).
    """

    settings: str
    addresses: dict[str, dict[str, str]]


class DemoPortals:
    """Serves the demo world from another process; a context manager."""

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
        """Returns when both portals answer. Raises DynsyncError when they ended instead."""
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise DynsyncError(
                "The emulated portals ended before they answered.", next_step="Run `dynsync emulator` to see why."
            )
        served: dict[str, Any] = json.loads(line)
        return Served(served["settings"], served["addresses"])

    @property
    def exit_code(self) -> int | None:
        """How the process ended; None while it runs."""
        return self._process.returncode

    def ask_to_stop(self) -> None:
        """Returns at once; the process ends by itself."""
        if self._process.stdin is not None:
            self._process.stdin.close()


def serve_until_left() -> None:
    """Serves the demo world, tells where on standard output, and returns when standard input ends."""
    from dynsync_lib.emulator.serving.emulator import Emulator
    from dynsync_lib.emulator.world.demo_world import build_world

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches both; who started this one then closes its input
    world = build_world()
    with Emulator(world) as emulator:
        sys.stdout.write(json.dumps({"settings": world.settings, "addresses": emulator.addresses}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    serve_until_left()
