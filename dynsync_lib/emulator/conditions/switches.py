"""What a test or a training switches on: faults, missing rights, another time, and the log of what was asked.

Facts
    * A fault meets the next `times` requests of one portal whose method and path fit, after `skip` that it lets pass.
    * The time is the machine's own until the control plane moves or stops it.
    * The log holds no header, no body and no token; e-mail addresses in addresses are masked.

Where it is used: `emulator.serving.emulator` applies faults; the two APIs look at the rights;
`emulator.serving.control_api` writes all of it.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from dynsync_lib.emulator.conditions.limits import DataverseMeter, HubspotMeter, Limits

LOG_LENGTH: Final = 10_000
_EMAIL: Final = re.compile(r"[^\s/?&='\"(]{1,320}(?:@|%40)[^\s/?&='\")]+")  # bounded: long addresses cost no time


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `status` None lets the route answer (then `delay_s`, `cut` and the page tricks still apply).

    `path` is a pattern with `*`. `cut` sends half of the answer and closes the connection.
    """

    portal: str = "*"
    method: str = "*"
    path: str = "*"
    times: int = 1
    skip: int = 0
    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut: bool = False
    repeat_page: bool = False
    short_page: int | None = None


@dataclass(frozen=True, slots=True)
class Rights:
    """What the callers may do. `scopes` None means all of HubSpot's; tables are Dataverse's logical names.

    `tokens` are more HubSpot tokens, each with its own scopes. `missing_privileges` are Dataverse's names, such as
    prvReadContact or prvWriteAccount.
    """

    scopes: frozenset[str] | None = None
    tokens: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    application_user: bool = True
    missing_privileges: frozenset[str] = frozenset()
    missing_tables: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SignInSwitches:
    """How the sign-in behaves. `device_approval` is automatic (after one poll) or manual; `refuse_with` an AADSTS
    number that every token request gets, or None; `public_client` whether device flow is allowed."""

    device_approval: str = "automatic"
    device_interval_s: int = 5
    public_client: bool = True
    refuse_with: int | None = None


@dataclass(frozen=True, slots=True)
class PortalFacts:
    """What the portals say of themselves in place of the world; None leaves the world's word."""

    account_type: str | None = None
    organization_type: str | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One request that was answered."""

    number: int
    at_s: float
    portal: str
    method: str
    path: str
    query: str
    status: int
    bytes: int
    duration_ms: float
    correlation_id: str


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


class Conditions:
    """The switches, the meters of the limits and the log, shared by the threads of both portals."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._lock = threading.Lock()
        self._usual_limits = limits or Limits()
        self.clock = Clock()
        self.reset()

    def reset(self) -> None:
        """Back to: no fault, all rights, the limits of the start with nothing used, the machine's time, empty log."""
        self.clock.reset()
        self.set_limits(self._usual_limits)
        with self._lock:
            self.rights, self.sign_in, self.portals = Rights(), SignInSwitches(), PortalFacts()
            self._faults: list[list[Any]] = []
            self._log: deque[LogEntry] = deque(maxlen=LOG_LENGTH)
            self._number = 0

    def set_limits(self, limits: Limits) -> None:
        """Other limits, of which nothing is used yet."""
        self.limits = limits
        self.hubspot_meter, self.dataverse_meter = HubspotMeter(limits), DataverseMeter(limits)

    def add_faults(self, faults: Sequence[Fault]) -> None:
        """Adds faults behind those that wait already."""
        with self._lock:
            self._faults.extend([fault, fault.skip, fault.times] for fault in faults)

    def clear_faults(self) -> None:
        """Forgets the faults that wait."""
        with self._lock:
            self._faults.clear()

    def waiting_faults(self) -> list[Fault]:
        """The faults that have not met all their requests yet."""
        with self._lock:
            return [fault for fault, _, left in self._faults if left]

    def take_fault(self, portal: str, method: str, path: str) -> Fault | None:
        """The first fault that meets this request; None when none does."""
        with self._lock:
            for entry in self._faults:
                if entry[2] and _fits(entry[0], portal, method, path):
                    return _count(entry)
        return None

    def note(self, **entry: Any) -> None:
        """Adds one entry to the log; the oldest go when it is full."""
        with self._lock:
            self._number += 1
            masked = {name: _EMAIL.sub("***", entry[name]) for name in ("path", "query")}
            self._log.append(LogEntry(number=self._number, **{**entry, **masked}))

    def log(self) -> list[LogEntry]:
        """The log, oldest first."""
        with self._lock:
            return list(self._log)


def _fits(fault: Fault, portal: str, method: str, path: str) -> bool:
    return fault.portal in ("*", portal) and fault.method in ("*", method) and fnmatchcase(path, fault.path)


def _count(entry: list[Any]) -> Fault | None:
    fault: Fault = entry[0]
    if entry[1]:
        entry[1] -= 1
        return None
    entry[2] -= 1
    return fault
