"""How much each portal lets a caller do, and the headers that say how much is left.

Facts
    * HubSpot: requests per app in 10 s, sliding; requests per account and day; search 5 a second per account, outside
      the 10 s limit and without headers (3.1).
    * Dataverse: 6,000 requests and 20 minutes of execution in 300 s, 52 at once, per user and web server (7.1).
      Remaining seconds are printed with thousands separators: `1,200.00`.

Not modelled
    * Several web servers; the tenant's daily entitlement.

Where it is used: `emulator.conditions.switches`, `emulator.serving`, `kit.portals`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of both portals.


    Times are in seconds or milliseconds, as their names say; small values make tests quick.

    `enforced` False switches the limiter off: nothing is counted against a budget and nobody is told to wait; how
    long addresses, bodies and pages may be is no matter of it. `hubspot_index_lag_s` is how long search does not see
    a write, the latencies are added to every answer, `dataverse_request_ms` is added to the execution time of every
    request. `hubspot_refusal_shape` is the body of a 429: policy (with `policyName`), category (the recorded older
    one), or both: the older one for search.
    """

    enforced: bool = True
    hubspot_requests: int = 190
    hubspot_window_s: float = 10.0
    hubspot_daily: int = 625_000
    hubspot_search_requests: int = 5
    hubspot_search_window_s: float = 1.0
    hubspot_url_characters: int = 16_000
    hubspot_index_lag_s: float = 0.0
    hubspot_latency_s: float = 0.0
    hubspot_refusal_shape: str = "both"
    dataverse_requests: int = 6_000
    dataverse_execution_ms: int = 1_200_000
    dataverse_window_s: float = 300.0
    dataverse_concurrent: int = 52
    dataverse_dop_hint: int = 4
    dataverse_url_characters: int = 32_768
    dataverse_request_ms: float = 1.0
    dataverse_latency_s: float = 0.0


class SlidingWindow:
    """A budget of `most` per `window_s` seconds, sliding: what was spent, and when something may be spent again."""

    def __init__(self, allowed: float, window_s: float) -> None:
        self.allowed = allowed
        self.window_s = window_s
        self._spent: deque[tuple[float, float]] = deque()
        self._sum = 0.0

    def remaining(self, at_s: float) -> float:
        """The amount that may still be spent at a time (seconds since 1970); not below 0."""
        while self._spent and self._spent[0][0] <= at_s - self.window_s:
            self._sum -= self._spent.popleft()[1]
        return max(self.allowed - self._sum, 0.0)

    def spend(self, amount: float, at_s: float) -> None:
        """Notes that an amount was spent at a time (seconds since 1970)."""
        self._spent.append((at_s, amount))
        self._sum += amount

    def wait_s(self, at_s: float) -> float:
        """Seconds until something may be spent again; 0 when it may now."""
        if self.remaining(at_s) > 0 or not self._spent:
            return 0.0
        return max(self._spent[0][0] + self.window_s - at_s, 0.0)


class HubspotMeter:
    """Counts the requests of one HubSpot account: one window per token, one day, one search window."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._windows: dict[str, SlidingWindow] = {}
        self._search = SlidingWindow(limits.hubspot_search_requests, limits.hubspot_search_window_s)
        self._day, self.used_today = 0, 0

    def refuse(self, token: str, at_s: float, *, search: bool, day: int = 0) -> str | None:
        """The name of the limit that is used up; None when the request may run, which is then counted, on the account's
        day."""
        with self._lock:
            if day != self._day:
                self._day, self.used_today = day, 0
            window = self._search if search else self._window(token)
            self.used_today += 1
            if not self.limits.enforced:
                return None
            if self.used_today > self.limits.hubspot_daily:
                return "DAILY"
            if window.remaining(at_s) < 1:
                return "SECONDLY" if search else "TEN_SECONDLY_ROLLING"
            window.spend(1, at_s)
            return None

    def headers(self, token: str, at_s: float) -> Mapping[str, str]:
        """The rate limit headers of an ordinary (not search) answer."""
        used_today = self.used_today if self.limits.enforced else 0
        left_today = max(self.limits.hubspot_daily - used_today, 0)
        with self._lock:
            left = int(self._window(token).remaining(at_s))
        return {
            "X-HubSpot-RateLimit-Daily": str(self.limits.hubspot_daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(left_today),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(round(self.limits.hubspot_window_s * 1000)),
            "X-HubSpot-RateLimit-Max": str(self.limits.hubspot_requests),
            "X-HubSpot-RateLimit-Remaining": str(left),
        }

    def _window(self, token: str) -> SlidingWindow:
        fresh = SlidingWindow(self.limits.hubspot_requests, self.limits.hubspot_window_s)
        return self._windows.setdefault(token, fresh)


@dataclass(frozen=True, slots=True)
class Throttle:
    """Why Dataverse refuses a request: its code, its sentence, and the whole seconds to wait."""

    code: str
    message: str
    retry_after_s: int


class DataverseMeter:
    """Counts requests, execution time and concurrency of the callers of one Dataverse environment."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._requests: dict[str, SlidingWindow] = {}
        self._execution_s: dict[str, SlidingWindow] = {}
        self._refused: dict[str, int] = {}
        self._running: dict[str, int] = {}

    def begin(self, user: str, at_s: float) -> Throttle | None:
        """The refusal of a request; None when it may run, which then lasts until `end`.

        The wait grows with refused requests.
        """
        with self._lock:
            throttle = self._throttle(user, at_s) if self.limits.enforced else None
            if throttle is None:
                if self.limits.enforced:
                    self._window(self._requests, user, self.limits.dataverse_requests).spend(1, at_s)
                self._running[user] = self._running.get(user, 0) + 1
            self._refused[user] = self._refused.get(user, 0) + 1 if throttle else 0
            return throttle

    def end(self, user: str, at_s: float, *, duration_s: float) -> None:
        """Ends a request and notes its execution time."""
        with self._lock:
            self._running[user] -= 1
            if self.limits.enforced:
                self._window(self._execution_s, user, self.limits.dataverse_execution_ms / 1000).spend(duration_s, at_s)

    def headers(self, user: str, at_s: float) -> Mapping[str, str]:
        """The headers of an ordinary answer that say how much is left and how many requests to send at once."""
        with self._lock:
            seconds = self._window(self._execution_s, user, self.limits.dataverse_execution_ms / 1000).remaining(at_s)
            requests = self._window(self._requests, user, self.limits.dataverse_requests).remaining(at_s)
        return {
            "x-ms-dop-hint": str(self.limits.dataverse_dop_hint),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{seconds:,.2f}",
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(int(requests)),
        }

    def _throttle(self, user: str, at_s: float) -> Throttle | None:
        limits, window_s = self.limits, self.limits.dataverse_window_s
        requests = self._window(self._requests, user, limits.dataverse_requests)
        execution = self._window(self._execution_s, user, limits.dataverse_execution_ms / 1000)
        if self._running.get(user, 0) >= limits.dataverse_concurrent:
            message = f"Number of concurrent requests exceeded the limit of {limits.dataverse_concurrent}."
            return Throttle("0x80072326", message, self._retry_after_s(user, 1.0))
        if execution.remaining(at_s) <= 0:
            return Throttle(
                "0x80072321", _execution_sentence(limits), self._retry_after_s(user, execution.wait_s(at_s))
            )
        if requests.remaining(at_s) < 1:
            over = f"limit of {limits.dataverse_requests} over time window of {window_s:g} seconds."
            message = f"Number of requests exceeded the {over}"
            return Throttle("0x80072322", message, self._retry_after_s(user, requests.wait_s(at_s)))
        return None

    def _retry_after_s(self, user: str, wait_s: float) -> int:
        return int(wait_s) + 1 + self._refused.get(user, 0)

    def _window(self, windows: dict[str, SlidingWindow], user: str, allowed: float) -> SlidingWindow:
        return windows.setdefault(user, SlidingWindow(allowed, self.limits.dataverse_window_s))


def _execution_sentence(limits: Limits) -> str:
    return (
        f"Combined execution time of incoming requests exceeded limit of {limits.dataverse_execution_ms:,} "
        f"milliseconds over time window of {limits.dataverse_window_s:g} seconds. Decrease number of concurrent "
        "requests or reduce the duration of requests and try again later."
    )
