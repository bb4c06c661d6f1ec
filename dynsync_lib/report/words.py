"""The words, colours and order in which the report shows the vocabulary of `core.model`.

Facts
    * Colours come from the Okabe-Ito set, ordered so that neighbours differ in lightness, too; every colour stands
      beside its word, so nothing depends on hue.
    * Excluded and failing are two things and never share a word, a colour or a sum.

Not modelled
    * Other languages than English.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from dynsync_lib.core.model import Direction, LinkStatus, Object, Outcome, Reason, Severity, System, Verdict

SYSTEMS: Final[Mapping[str, str]] = {System.HUBSPOT: "HubSpot", System.DYNAMICS: "Dynamics"}
OTHER: Final[Mapping[str, str]] = {System.HUBSPOT: System.DYNAMICS, System.DYNAMICS: System.HUBSPOT}

OBJECT_ORDER: Final = tuple(
    one.value for one in (Object.COMPANY, Object.CONTACT, Object.LEAD, Object.DEAL, Object.INVOICE)
)
_PLURALS: Final[Mapping[str, str]] = {
    Object.CONTACT: "contacts",
    Object.COMPANY: "companies",
    Object.LEAD: "leads",
    Object.DEAL: "deals",
    Object.INVOICE: "invoices",
}
_PLURALS_IN_DYNAMICS: Final[Mapping[str, str]] = {Object.COMPANY: "accounts", Object.DEAL: "opportunities"}

OUTCOMES: Final[Mapping[str, str]] = {
    Outcome.CREATE: "Created",
    Outcome.UPDATE: "Matched, changed",
    Outcome.LINK: "Matched, unchanged",
    Outcome.SHADOWED: "Shadowed",
    Outcome.EXCLUDED: "Excluded",
    Outcome.FAILING: "Failing",
}
OUTCOME_MEANINGS: Final[Mapping[str, str]] = {
    Outcome.CREATE: "has no counterpart and will be created in the other system",
    Outcome.UPDATE: "has a counterpart, and at least one field of one side changes",
    Outcome.LINK: "has a counterpart, and nothing changes",
    Outcome.SHADOWED: "loses its e-mail address or name to an earlier record and silently never syncs",
    Outcome.EXCLUDED: "stays out by a rule or a filter",
    Outcome.FAILING: "will be tried, and refused by the other system",
}
OUTCOME_COLOURS: Final[Mapping[str, str]] = {
    Outcome.CREATE: "#0072b2",
    Outcome.UPDATE: "#56b4e9",
    Outcome.LINK: "#a6dbcb",
    Outcome.SHADOWED: "#e69f00",
    Outcome.EXCLUDED: "#8a929c",
    Outcome.FAILING: "#b3440c",
}

REASONS: Final[Mapping[str, str]] = {
    Reason.FILTER: "does not pass the filter of the sync",
    Reason.NO_EMAIL: "has no e-mail address",
    Reason.NO_MATCH_KEY: "has no name to be matched by",
    Reason.STAGE_UNMAPPED: "is in a stage that is not mapped",
    Reason.LIFECYCLE_ROUTE: "is routed elsewhere by its lifecycle stage",
    Reason.NOT_IN_TARGET: "has no counterpart, and the sync creates none",
    Reason.DIRECTION: "the sync does not run in this direction",
    Reason.OBJECT_OFF: "this kind of record is not synced",
    Reason.INVALID_EMAIL: "the e-mail address is not valid for HubSpot",
    Reason.EMAIL_CONFLICT: "the e-mail address belongs to another contact",
    Reason.TOO_LONG: "a text is longer than the Dynamics column",
    Reason.REQUIRED: "a required field is empty",
    Reason.OPTION: "a choice has no partner",
    Reason.RANGE: "a number lies outside the range of the Dynamics column",
    Reason.INACTIVE_READONLY: "the Dynamics record is inactive and cannot be written",
    Reason.PRIVILEGE: "the user of the sync may not write it",
    Reason.NO_IDENTITY: "it cannot be told from other records",
}

DIRECTIONS: Final[Mapping[str, str]] = {
    Direction.TWO_WAY: "both ways",
    Direction.TO_HUBSPOT: "into HubSpot",
    Direction.TO_DYNAMICS: "into Dynamics",
    "none": "nothing flows",
}
LINK_STATUSES: Final[Mapping[str, str]] = {
    LinkStatus.SYNCED: "Kept",
    LinkStatus.MANUAL: "To be made by hand",
    LinkStatus.AUTO_CREATED: "Made by HubSpot",
    LinkStatus.DROPPED_NON_PRIMARY: "Lost: not the primary company",
    LinkStatus.PARENT_IS_CONTACT: "Lost: parent is a contact",
    LinkStatus.TARGET_NOT_SYNCED: "Lost: a record does not sync",
}
VERDICTS: Final[Mapping[str, tuple[str, str]]] = {
    Verdict.BLOCKED: ("Blocked", "bad"),
    Verdict.LOSSY: ("Loses detail", "warn"),
    Verdict.ONE_WAY: ("One way", "note"),
    Verdict.OK: ("Works", "good"),
}
"""The word of a verdict and the tone of its badge, worst first."""
SEVERITIES: Final[Mapping[str, tuple[str, str]]] = {
    Severity.BLOCKER: ("Blocker", "bad"),
    Severity.HIGH: ("High", "warn"),
    Severity.MEDIUM: ("Medium", "note"),
    Severity.LOW: ("Low", "plain"),
    Severity.NOT_CHECKED: ("Not checked", "grey"),
}
"""The word of a severity and the tone of its badge, worst first."""
NAME_REASONS: Final[Mapping[str, str]] = {
    "legal_form": "legal form",
    "word_order": "word order",
    "spacing": "spacing",
    "extra_word": "an extra word",
    "typo": "a slip of the pen",
}


def system_word(system: str | None) -> str:
    """The name of a system; "Both systems" for None, the text itself when it is no system."""
    return "Both systems" if system is None else SYSTEMS.get(system, system)


def object_word(object_: str | None, system: str | None = None) -> str:
    """What records of an object are called in a system (HubSpot's word without one); "Several" for None."""
    if object_ is None:
        return "Several"
    words = {**_PLURALS, **_PLURALS_IN_DYNAMICS} if system == System.DYNAMICS else _PLURALS
    return words.get(object_, object_)


def records_word(object_: str, system: str) -> str:
    """Such as "Dynamics accounts"."""
    return f"{system_word(system)} {object_word(object_, system)}"


def rank_of(key: str | None, order: Iterable[str]) -> int:
    """The place of a word in an order; words that are not in it come last."""
    places = {word: place for place, word in enumerate(order)}
    return places.get(key or "", len(places))


def object_rank(object_: str | None) -> int:
    """The place of an object in the order of the sync; unknown ones last."""
    return rank_of(object_, OBJECT_ORDER)


def counted(count: int, one: str, many: str) -> str:
    """Such as "1 record" and "1,204 records"."""
    return f"{count:,} {one if count == 1 else many}"
