"""The result of a check of the portals: a line for each thing checked, and whether a portal is for production.

Facts
    * Only HubSpot's `STANDARD` is production among the types it documents; of Dataverse's, `Customer`, `Secondary` and
      `Default` are. A type that nobody documents counts as production (portal-apis 2.1, 6.1).
    * A thing that could not be checked is `not_checked`, never `ok`.

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
"""What the line is about that says that a side lacks settings."""


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One thing that was checked.

    `portal` is the system's name, `about` the thing, `says` and `next_step` are sentences (the latter empty when there
    is nothing to do), `facts` its values for programs: ids, counts, scopes, privileges.
    """

    portal: str
    about: str
    state: CheckState
    says: str
    next_step: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All lines, HubSpot's first."""

    lines: tuple[CheckLine, ...]

    @property
    def exit_code(self) -> int:
        """What the command ends with: 0 without faults, 2 when only settings are missing, 3 when a portal refuses."""
        faults = {line.about for line in self.lines if line.state == "fault"}
        if not faults:
            return 0
        return 2 if faults == {SETTINGS} else 3


@contextmanager
def as_documented(portal: str) -> Iterator[None]:
    """A context in which an answer is read; raises UnexpectedReplyError where the answer lacks what is read from it."""
    try:
        yield
    except (KeyError, TypeError, ValueError):
        raise UnexpectedReplyError(
            f"{portal} does not answer as its documentation says.",
            next_step="Check the portal's address, and report this.",
        ) from None


def portal_kind(system: System, type_: object) -> PortalKind:
    """Whether a portal of this account type (HubSpot) or organisation type (Dataverse) is for production or tests.

    A type that nobody documents counts as production.
    """
    return "test" if type_ in (_TEST_ACCOUNTS if system is System.HUBSPOT else _TEST_ENVIRONMENTS) else "production"


def fault_line(system: System, about: str, fault: PortalError, *, state: CheckState = "fault") -> CheckLine:
    """The line about a request that failed, with the portal's correlation id among its facts if it has one."""
    facts = {"correlation_id": fault.correlation_id} if fault.correlation_id else {}
    return CheckLine(system.value, about, state, str(fault), fault.next_step, facts)
