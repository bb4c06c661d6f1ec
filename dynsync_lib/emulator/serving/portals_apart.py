"""Each portal in a process of its own, so that no request to one can hold up the other.

Facts
    * What is long in a request (reading, SQL, JSON) is done in the portal's process; this one passes calls and replies.
    * Faults, the clock and the log stay here. Switches go along with the calls.

Where it is used: `emulator.serving.emulator`.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from dynsync_lib.emulator.calls import Call, Reply
from dynsync_lib.emulator.conditions.switches import Conditions
from dynsync_lib.emulator.entra.tokens import Device
from dynsync_lib.emulator.serving.frames import read_frame, write_frame
from dynsync_lib.emulator.serving.orders import OneSide, Order, Outcome, Switched
from dynsync_lib.emulator.serving.portals_here import SignInPlace
from dynsync_lib.emulator.store.records import World
from dynsync_lib.errors import DynsyncError
from dynsync_lib.processes import python_call

_CALL: Final = python_call("dynsync_lib.emulator.serving.portal_process")
_END_S: Final = 10.0


class PortalsApart:
    """`Portals` in two processes, each with its records in its own folder below `state`, or in one that is removed.

    Raises InputFileError for a world with a fault.
    """

    def __init__(
        self, world: World, conditions: Conditions, sign_in_at: SignInPlace, state: Path | None = None
    ) -> None:
        sides = [
            OneSide(portal, world, sign_in_at, None if state is None else state / portal)
            for portal in ("hubspot", "dynamics")
        ]
        self._processes: list[_PortalProcess] = []
        try:
            self._processes = [_PortalProcess(side, conditions) for side in sides]
            for process in self._processes:
                process.wait_until_loaded()
        except BaseException:
            self.close()
            raise
        self._hubspot, self._dynamics = self._processes

    def answer_hubspot(self, call: Call) -> Reply:
        """The reply to a call of the HubSpot API."""
        return cast(Reply, self._hubspot.ask("answer_hubspot", call))

    def answer_dynamics(self, call: Call) -> Reply:
        """The reply to a call of the Dataverse API."""
        return cast(Reply, self._dynamics.ask("answer_dynamics", call))

    def answer_tls(self, call: Call) -> Reply:
        """The reply to a call of the sign-in or of the Dataverse API."""
        return cast(Reply, self._dynamics.ask("answer_tls", call))

    def reseed(self) -> None:
        """Undoes all writes: records, properties and columns are as in the world again."""
        for process in self._processes:
            process.ask("reseed")

    def devices(self) -> list[Device]:
        """The device sign-ins that are not over, oldest first."""
        return cast("list[Device]", self._dynamics.ask("devices"))

    def decide_devices(self, decision: str, user_code: str | None) -> int:
        """Approves or declines pending device sign-ins; gives the number of them."""
        return cast(int, self._dynamics.ask("decide_devices", decision, user_code))

    def close(self) -> None:
        """Ends both processes."""
        for process in self._processes:
            process.ask_to_stop()
        for process in self._processes:
            process.stop()


class _PortalProcess:
    """The process of one portal, and the orders it has not answered yet."""

    def __init__(self, side: OneSide, conditions: Conditions) -> None:
        self._conditions, self._switched = conditions, _Watch(conditions)
        self._turn = threading.Lock()
        self._is_over = False
        self._number = 0
        self._waiting: dict[int, Future[Any]] = {0: Future()}
        self._process = subprocess.Popen(_CALL, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        self._orders = cast(BinaryIO, self._process.stdin)
        self._outcomes = cast(BinaryIO, self._process.stdout)
        self._loaded = self._waiting[0]
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        write_frame(self._orders, side)

    def wait_until_loaded(self) -> None:
        """Waits until the process has its world. Raises InputFileError for a world with a fault."""
        self._loaded.result()

    def ask(self, method: str, *arguments: Any) -> Any:
        """What a method of `Portals` gives over there. Raises DynsyncError when the process has ended."""
        with self._turn:
            if self._is_over:
                raise _ended()
            self._number += 1
            future = self._waiting[self._number] = Future[Any]()
            try:
                write_frame(self._orders, Order(self._number, method, arguments, self._switched.news()))
            except (OSError, ValueError):
                raise _ended() from None
        return future.result()

    def ask_to_stop(self) -> None:
        """Asks the process to end and returns without waiting for it."""
        with self._turn:
            self._is_over = True
            _without_fault(self._orders.close)

    def stop(self) -> None:
        """Waits for the end of the process."""
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_END_S)
        self._outcomes.close()

    def _read(self) -> None:
        """Hands every outcome to who waits for it; when the process ends, nobody waits any longer."""
        try:
            while True:
                outcome: Outcome = read_frame(self._outcomes)
                future = self._waiting.pop(outcome.number)
                if outcome.error is None:
                    future.set_result(outcome.value)
                else:
                    future.set_exception(outcome.error)
        except Exception:  # noqa: BLE001 - whatever it was, nobody may wait for this process any longer
            with self._turn:
                self._is_over = True
                left = [self._waiting.pop(number) for number in list(self._waiting)]
            for future in left:
                future.set_exception(_ended())


class _Watch:
    """Notices what the control plane has switched since it was last asked."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._seen: tuple[Any, ...] = ()

    def news(self) -> Switched | None:
        """What holds now; None when it is what held before."""
        now = self._conditions
        limits_are_new = not self._seen or self._seen[3] is not now.hubspot_meter
        seen = (now.rights, now.sign_in, now.portals, now.hubspot_meter)
        if seen == self._seen:
            return None
        self._seen = seen
        return Switched(now.rights, now.sign_in, now.portals, now.limits if limits_are_new else None)


def _ended() -> DynsyncError:
    return DynsyncError("The process of the emulated portal has ended.", next_step="Start the emulator again.")


def _without_fault(close: Callable[[], None]) -> None:
    """Closes a pipe whose other end may be gone."""
    try:
        close()
    except OSError:
        return
