"""The vocabulary of the kit: the two systems, the objects, what becomes of a record and why. Read this first.

The schema of every table is in `core.tables`.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from dynsync_lib.errors import UsageError

_Word = TypeVar("_Word", bound=StrEnum)


class System(StrEnum):
    """The two CRMs."""

    HUBSPOT = "hubspot"
    DYNAMICS = "dynamics"

    @property
    def other(self) -> System:
        """The system on the other side of the sync."""
        return System.DYNAMICS if self is System.HUBSPOT else System.HUBSPOT

    @property
    def label(self) -> str:
        """The system as a sentence names it: HubSpot or Dynamics."""
        return "HubSpot" if self is System.HUBSPOT else "Dynamics"


class Object(StrEnum):
    """What a record is, in HubSpot's words. Dynamics says account for company and opportunity for deal."""

    CONTACT = "contact"
    COMPANY = "company"
    LEAD = "lead"
    DEAL = "deal"
    INVOICE = "invoice"


PERSONS: Final[tuple[Object, ...]] = (Object.CONTACT, Object.LEAD)
"""Both are people, and HubSpot keeps both as contacts (1.7)."""


class Outcome(StrEnum):
    """What the initial sync does with one record."""

    CREATE = "create"
    UPDATE = "update"
    LINK = "link"
    SHADOWED = "shadowed"
    EXCLUDED = "excluded"
    FAILING = "failing"


class Health(StrEnum):
    """HubSpot's Sync Health words."""

    IN_SYNC = "in_sync"
    EXCLUDED = "excluded"
    FAILING = "failing"


HEALTH: Final[Mapping[Outcome, Health]] = {
    **dict.fromkeys((Outcome.CREATE, Outcome.UPDATE, Outcome.LINK), Health.IN_SYNC),
    **dict.fromkeys((Outcome.SHADOWED, Outcome.EXCLUDED), Health.EXCLUDED),
    Outcome.FAILING: Health.FAILING,
}


class Reason(StrEnum):
    """Why a record is excluded or failing. Other outcomes have no reason (null)."""

    FILTER = "filter"
    NO_EMAIL = "no_email"
    NO_MATCH_KEY = "no_match_key"
    STAGE_UNMAPPED = "stage_unmapped"
    LIFECYCLE_ROUTE = "lifecycle_route"
    NOT_IN_TARGET = "not_in_target"
    DIRECTION = "direction"
    OBJECT_OFF = "object_off"
    INVALID_EMAIL = "invalid_email"
    EMAIL_CONFLICT = "email_conflict"
    TOO_LONG = "too_long"
    REQUIRED = "required"
    OPTION = "option"
    RANGE = "range"
    INACTIVE_READONLY = "inactive_readonly"
    PRIVILEGE = "privilege"
    NO_IDENTITY = "no_identity"


class Direction(StrEnum):
    """Which way a sync or a field mapping may write."""

    TWO_WAY = "two_way"
    TO_HUBSPOT = "to_hubspot"
    TO_DYNAMICS = "to_dynamics"

    def writes_to(self, system: System) -> bool:
        """Whether a value may travel into `system`."""
        return flows_into(self, system)


def flows_into(allowed: str, system: System) -> bool:
    """Whether a direction as tables hold it, a `Direction` or "none", lets values travel into a system."""
    return allowed in (Direction.TWO_WAY, f"to_{system}")


class LinkStatus(StrEnum):
    """What becomes of one association."""

    SYNCED = "synced"
    DROPPED_NON_PRIMARY = "dropped_non_primary"
    PARENT_IS_CONTACT = "parent_is_contact"
    TARGET_NOT_SYNCED = "target_not_synced"
    MANUAL = "manual"
    AUTO_CREATED = "auto_created"


class ChangeKind(StrEnum):
    """Whether a write meets an empty field or replaces a value."""

    FILL = "fill"
    OVERWRITE = "overwrite"


class Verdict(StrEnum):
    """Whether a field mapping can work; not checked is one that would, and whose values nobody could compare."""

    OK = "ok"
    ONE_WAY = "one_way"
    LOSSY = "lossy"
    BLOCKED = "blocked"
    NOT_CHECKED = "not_checked"


class Severity(StrEnum):
    """How much a finding matters. Not checked is grey, never a pass."""

    BLOCKER = "blocker"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NOT_CHECKED = "not_checked"


def nearest(name: str, known: Collection[str]) -> str:
    """` Did you mean `x`?`, or nothing when no known name is near; capitals make no distance."""
    by_lower = {word.lower(): word for word in reversed(list(known))}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.65)
    near = by_lower[close[0]] if close else name
    return f" Did you mean `{near}`?" if near != name else ""


def read_word(word: str, words: type[_Word], what: str) -> _Word:
    """The word of a vocabulary that a person wrote. Raises UsageError, with all of them, when it is none.

    >>> read_word("contact", Object, "object").value
    'contact'
    """
    for known in words:
        if known == word:
            return known
    raise UsageError(
        f"`{word}` is no {what}.{nearest(word, list(words))}", next_step=f"Use one of: {', '.join(words)}."
    )
