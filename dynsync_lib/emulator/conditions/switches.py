"""The switches that a test or a training can set: faults, missing rights, another time; and the log of requests.

Facts
    * A fault changes the answer to the next `times` requests of one portal whose method and path match, after the first
      `skip` of them were answered as usual.
    * The time is the machine's own until the control plane moves or stops it.
    * The log holds no header, no body and no token; e-mail addresses in addresses are masked, long addresses cut.

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
MOST_FAULTS: Final = 1_000
"""Faults that may wait for requests at the same time."""
_LONGEST_SHOWN: Final = 2_000
"""Characters of a path, and of a query, that the log keeps."""
_EMAIL: Final = re.compile(r"[^\s/?&='\"(]{1,320}(?:@|%40)[^\s/?&='\")]+")  # bounded: long addresses cost no time


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that is waiting for requests.

    `path` is a pattern with `*`. `status` is the HTTP status to answer with, None lets the route answer (then
    `delay_s`, `cut` and the page tricks still apply). `cut` sends half of the answer and closes the connection.
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
    """What the callers may do. `scopes` None means all scopes of HubSpot; tables are Dataverse's logical names.

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
    """How Microsoft's sign-in behaves.

    `device_approval` is automatic (after one poll) or manual. `refuse_with` is the AADSTS number with which every token
    request is refused, None for no refusal. `public_client` says whether device codes are allowed.
    """

    device_approval: str = "automatic"
    device_interval_s: int = 5
    public_client: bool = True
    refuse_with: int | None = None


@dataclass(frozen=True, slots=True)
class PortalFacts:
    """What kind of portal the two claim to be, instead of what the world says; None leaves the world's value."""

    account_type: str | None = None
    organization_type: str | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One answered request: `at_s` in seconds since 1970 by the emulator's clock, `bytes` of the body of the answer."""

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
    """Seconds since 1970. A stopped clock moves only when it is advanced; one that `begins_at_s` starts stopped."""

    def __init__(self, machine_s: Callable[[], float] = time.time, *, begins_at_s: float | None = None) -> None:
        self._machine_s, self._begins_at_s = machine_s, begins_at_s
        self.reset()

    def now_s(self) -> float:
        """The time as the emulator sees it."""
        return self._offset_s if self._is_stopped else self._machine_s() + self._offset_s

    def stop(self, at_s: float) -> None:
        """Stops the clock at a time, in seconds since 1970."""
        self._is_stopped, self._offset_s = True, at_s

    def advance(self, seconds: float) -> None:
        """Moves the clock forward, stopped or not. Raises ValueError for a negative number of seconds."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self._offset_s += seconds

    def reset(self) -> None:
        """Goes back to the time it began with: stopped at that, or the machine's own."""
        self._is_stopped, self._offset_s = self._begins_at_s is not None, self._begins_at_s or 0.0


class Conditions:
    """The switches, the meters of the limits and the log, shared by the threads of both portals.

    `begins_at_s` stops the clock at that time from the start, None leaves it the machine's.
    """

    def __init__(self, limits: Limits | None = None, *, begins_at_s: float | None = None) -> None:
        self._lock = threading.Lock()
        self._usual_limits = limits or Limits()
        self.clock = Clock(begins_at_s=begins_at_s)
        self.reset()

    def reset(self) -> None:
        """Back to the start: no fault, all rights, the first limits, nothing used, the first clock, an empty log."""
        self.clock.reset()
        self.set_limits(self._usual_limits)
        with self._lock:
            self.rights, self.sign_in, self.portals = Rights(), SignInSwitches(), PortalFacts()
            self._faults: list[list[Any]] = []
            self._log: deque[LogEntry] = deque(maxlen=LOG_LENGTH)
            self._number = 0

    def set_limits(self, limits: Limits) -> None:
        """Sets other limits and forgets what was used of the old ones."""
        self.limits = limits
        self.hubspot_meter, self.dataverse_meter = HubspotMeter(limits), DataverseMeter(limits)

    def add_faults(self, faults: Sequence[Fault]) -> None:
        """Adds faults; those that were added first are applied first. Raises ValueError for more than may wait."""
        with self._lock:
            waiting = [entry for entry in self._faults if entry[2]]
            if len(waiting) + len(faults) > MOST_FAULTS:
                raise ValueError(f"at most {MOST_FAULTS} faults may wait, not {len(waiting) + len(faults)}")
            self._faults = [*waiting, *([fault, fault.skip, fault.times] for fault in faults)]

    def clear_faults(self) -> None:
        """Removes all faults that are still waiting for requests."""
        with self._lock:
            self._faults.clear()

    def waiting_faults(self) -> list[Fault]:
        """The faults that still wait for requests, in the order in which they apply."""
        with self._lock:
            return [fault for fault, _, left in self._faults if left]

    def take_fault(self, portal: str, method: str, path: str) -> Fault | None:
        """The fault that applies to this request, counted as used once; None when no fault matches."""
        with self._lock:
            for entry in self._faults:
                if entry[2] and _fits(entry[0], portal, method, path):
                    return _count(entry)
        return None

    def note(self, **entry: Any) -> None:
        """Adds a request to the log; the oldest entry goes when the log is full. Takes the fields of `LogEntry`."""
        with self._lock:
            self._number += 1
            masked = {name: _shown(entry[name]) for name in ("path", "query")}
            self._log.append(LogEntry(number=self._number, **{**entry, **masked}))

    def log(self) -> list[LogEntry]:
        """The log, oldest first."""
        with self._lock:
            return list(self._log)


def _shown(text: str) -> str:
    """What the log keeps of a path or a query: its beginning, without e-mail addresses."""
    return _EMAIL.sub("***", text[: 2 * _LONGEST_SHOWN])[:_LONGEST_SHOWN]  # an address at the end is masked, then cut


def _fits(fault: Fault, portal: str, method: str, path: str) -> bool:
    return fault.portal in ("*", portal) and fault.method in ("*", method) and fnmatchcase(path, fault.path)


def _count(entry: list[Any]) -> Fault | None:
    fault: Fault = entry[0]
    if entry[1]:
        entry[1] -= 1
        return None
    entry[2] -= 1
    return fault
