"""Which answers of a portal mean "ask again", and how long to wait before that.

Facts
    * A request is sent again after: no connection, a timeout, a cut answer, an answer that is no JSON, 408, 423, 429,
      477 and 5xx; first after the pause that the portal names, or after pauses that double (portal-apis 3.2, 7.1, 9).

Where it is used: `portals.http.caller` for the two APIs, `portals.sign_in.sign_in_http` for Microsoft's sign-in.
"""

from __future__ import annotations

from typing import Final

from tenacity import RetryCallState

from dynsync_lib.errors import PortalError
from dynsync_lib.portals.http.pace import Pace

AGAIN: Final = frozenset({408, 423, 429, 477, 500, 502, 503, 504, *range(520, 528)})
"""The statuses after which a request is sent again."""


class AgainError(Exception):
    """The request may be sent again, after `wait_s` seconds (None: the usual pause); `error` is raised if it is not.

    A pause that no header names `grows` with each attempt, because the kit guessed it.
    """

    def __init__(self, error: PortalError, wait_s: float | None = None, *, grows: bool = False) -> None:
        super().__init__(str(error))
        self.error, self.wait_s, self.grows = error, wait_s, grows


def pause_s(pace: Pace, state: RetryCallState) -> float:
    """Seconds to wait after the attempt that `state` describes: what its `AgainError` says, else the pace's own."""
    fault = state.outcome.exception() if state.outcome is not None else None
    if not isinstance(fault, AgainError) or fault.wait_s is None:
        return pace.backoff_s(state.attempt_number)
    return fault.wait_s * (state.attempt_number if fault.grows else 1)
