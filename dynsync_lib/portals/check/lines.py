"""What a check of the portals finds out: one line each, and whether a portal is for production.

Facts
    * Only HubSpot's `STANDARD` is production among the types it documents; of Dataverse's, `Customer`, `Secondary` and
      `Default` are. A type that nobody documents counts as production (portal-apis 2.1, 6.1).
    * What could not be asked is `not_checked`, never `ok`.

Where it is used: `portals.check.check_portals`, `portals.check.hubspot`, `portals.check.dynamics`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from dynsync_lib.core.model import System
from dynsync_lib.errors import PortalError, UnexpectedReplyError

CheckState = Literal["ok", "warning", "fault", "not_checked"]
PortalKind = Literal["production", "test"]
_TEST_ACCOUNTS: Final = frozenset({"APP_DEVELOPER", "DEVELOPER_TEST", "SANDBOX"})
_TEST_ENVIRONMENTS: Final = frozenset(
    {
        *("CustomerTest", "CustomerFreeTest", "CustomerPreview", "TestDrive"),
        *("EmailTrial", "Developer", "Trial", "Teams"),
    }
)
SETTINGS: Final = "settings"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One thing that was looked at. `facts` are its values for programs: ids, counts, scopes, privileges."""

    portal: str
    about: str
    state: CheckState
    says: str
    next_step: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All lines, HubSpot's first. `exit_code` is what the command ends with."""

    lines: tuple[CheckLine, ...]

    @property
    def exit_code(self) -> int:
        """0 when no line is a fault, 3 when a portal is unreachable or refuses, 2 when only settings are wrong."""
        faults = {line.about for line in self.lines if line.state == "fault"}
        if not faults:
            return 0
        return 2 if faults == {SETTINGS} else 3


@contextmanager
def as_documented(portal: str) -> Iterator[None]:
    """Raises UnexpectedReplyError where an answer lacks what is taken from it."""
    try:
        yield
    except (KeyError, TypeError, ValueError):
        raise UnexpectedReplyError(
            f"{portal} does not answer as its documentation says.",
            next_step="Check the portal's address, and report this.",
        ) from None


def portal_kind(system: System, told: object) -> PortalKind:
    """Whether HubSpot's account type or Dataverse's organisation type is for production; unknown types are."""
    return "test" if told in (_TEST_ACCOUNTS if system is System.HUBSPOT else _TEST_ENVIRONMENTS) else "production"


def fault_line(system: System, about: str, fault: PortalError, *, state: CheckState = "fault") -> CheckLine:
    """The line of a request that failed, with the portal's correlation id for its support."""
    facts = {"correlation_id": fault.correlation_id} if fault.correlation_id else {}
    return CheckLine(system.value, about, state, str(fault), fault.next_step, facts)
