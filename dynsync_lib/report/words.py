"""The words, colours and order in which the report shows the vocabulary of `core.model`.

Facts
    * Colours come from the Okabe-Ito set, ordered so that neighbours differ in lightness, too; every colour stands
      beside its word, so nothing depends on hue.
    * Excluded and failing are two things and never share a word, a colour or a sum.
    * The words are English; `report.translation` says a finished page in other languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core.model import Direction, LinkStatus, Object, Outcome, Reason, Severity, System, Verdict
from dynsync_lib.core.tables import AGREEMENTS


@dataclass(frozen=True, slots=True)
class Word:
    """The word on a badge and the tone it has; `many` is said of several, where it is another word."""

    word: str
    tone: str
    many: str = ""

    def of(self, count: int) -> str:
        """The word within a sentence, for one or for several."""
        return self.many if self.many and count != 1 else self.word.lower()


SYSTEMS: Final[Mapping[str, str]] = {System.HUBSPOT: "HubSpot", System.DYNAMICS: "Dynamics"}
OTHER: Final[Mapping[str, str]] = {System.HUBSPOT: System.DYNAMICS, System.DYNAMICS: System.HUBSPOT}
SYSTEM_COLOURS: Final[Mapping[str, str]] = {System.HUBSPOT: "#e69f00", System.DYNAMICS: "#56b4e9"}
INTO: Final[Mapping[str, str]] = {system: f"into {word}" for system, word in SYSTEMS.items()}

OBJECT_ORDER: Final = tuple(
    object_.value for object_ in (Object.COMPANY, Object.CONTACT, Object.LEAD, Object.DEAL, Object.INVOICE)
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
MATCHED: Final = (Outcome.UPDATE, Outcome.LINK)
"""The outcomes of records that have a counterpart."""
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
NOT_CHECKED_COLOUR: Final = "#8a929c"

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
    Reason.RANGE: "a number or date lies outside the range of the Dynamics column",
    Reason.INACTIVE_READONLY: "the Dynamics record is inactive and cannot be written",
    Reason.PRIVILEGE: "the user of the sync may not write it",
    Reason.NO_IDENTITY: "it cannot be told from other records",
}

SHADOWED_REASONS: Final[Mapping[str, str]] = {
    "lead.contact-overlap": "a Dynamics contact has the same e-mail address",
    "contact.one-binding": "its HubSpot contact is already matched with another record",
}
"""Why a record is shadowed, by the rule that says so; other rules: an earlier record has the same key."""

DIRECTIONS: Final[Mapping[str, str]] = {
    Direction.TWO_WAY: "both ways",
    Direction.TO_HUBSPOT: "into HubSpot",
    Direction.TO_DYNAMICS: "into Dynamics",
    "none": "nothing flows",
}
LINK_FATES: Final[Mapping[str, tuple[str, str]]] = {
    LinkStatus.SYNCED: ("Kept", ""),
    LinkStatus.MANUAL: ("To be made by hand", ""),
    LinkStatus.AUTO_CREATED: ("Made by HubSpot", ""),
    LinkStatus.DROPPED_NON_PRIMARY: ("Not primary", "only the primary company travels"),
    "link.primary-disagreement": (
        "Primary differs",
        "the two systems name different primary companies, and the conflict winner’s stays",
    ),
    LinkStatus.PARENT_IS_CONTACT: ("Parent is a contact", "it points to a contact, where a company belongs"),
    "link.source-not-synced": ("Record stays out", "the record that has it does not sync"),
    LinkStatus.TARGET_NOT_SYNCED: ("Other end stays out", "the record it points to does not sync"),
    "link.loser-parent-lost": ("Other end shadowed", "the company it points to has lost its name to an earlier one"),
}
"""The word of what becomes of an association, and why it is lost (empty when it is not).

The key is the rule of the association where that says more than its status, otherwise the status.
"""
VERDICTS: Final[Mapping[str, Word]] = {
    Verdict.BLOCKED: Word("Blocked", "bad"),
    Verdict.LOSSY: Word("Loses detail", "warn", many="lose detail"),
    Verdict.ONE_WAY: Word("One way", "note"),
    Verdict.OK: Word("Works", "good", many="work"),
    Verdict.NOT_CHECKED: Word("Not checked", "grey"),
}
"""Verdicts, worst first; what was not checked comes last."""
SEVERITIES: Final[Mapping[str, Word]] = {
    Severity.BLOCKER: Word("Blocker", "bad", many="blockers"),
    Severity.HIGH: Word("High", "warn"),
    Severity.MEDIUM: Word("Medium", "note"),
    Severity.LOW: Word("Low", "plain"),
    Severity.NOT_CHECKED: Word("Not checked", "grey"),
}
"""Severities, worst first."""
NAME_REASONS: Final[Mapping[str, str]] = {
    "legal_form": "legal form",
    "word_order": "word order",
    "abbreviation": "a shortened word",
    "spacing": "spacing",
    "extra_word": "an extra word",
    "typo": "spelling",
    "same_tax_number": "the name, not the tax number",
    "same_domain": "the name, not the domain",
    "same_phone": "the name, not the telephone number",
}
"""In what two names differ, in a word."""
NAME_SENTENCES: Final[Mapping[str, str]] = {
    "legal_form": "the names differ only in legal form, in how it is written, or in what follows it",
    "word_order": "the names have the same words in another order",
    "abbreviation": "the names differ only in a shortened word",
    "spacing": "the names differ only in spaces",
    "extra_word": "one of the names has an extra word",
    "typo": "the names are spelled differently",
    "same_tax_number": "the names are unlike, but the tax number is the same",
    "same_domain": "the names are unlike, but the domain is the same",
    "same_phone": "the names are unlike, but the telephone number is the same",
}
"""Why two companies may be one firm, in a sentence."""


def as_clause(predicate: str) -> str:
    """What is said of a record as a clause of its own: "has no e-mail address" gets its "it", "a choice is" has one."""
    return f"it {predicate}" if predicate.split(" ", 1)[0] in _VERBS else predicate


_VERBS: Final = ("has", "is", "does", "loses", "stays", "will", "cannot")


def word_of(key: str, words: Mapping[str, Word]) -> Word:
    """The word of a key; the key itself when there is none."""
    return words.get(key, Word(key, "plain"))


def tally(counts: Mapping[str, int], words: Mapping[str, Word]) -> str:
    """Such as "2 blockers, 14 high, 4 not checked": what occurs, in the order of the words."""
    tallied = [(counts.get(key, 0), word) for key, word in words.items()]
    return ", ".join(f"{count:,} {word.of(count)}" for count, word in tallied if count)


def system_word(system: str | None) -> str:
    """The name of a system; "Both systems" for None, the text itself when it is no system."""
    return "Both systems" if system is None else SYSTEMS.get(system, system)


def object_word(object_: str | None, system: str | None = None) -> str:
    """What records of an object are called in a system (HubSpot's word without one); "Several" for None."""
    if object_ is None:
        return "Several"
    words = {**_PLURALS, **_PLURALS_IN_DYNAMICS} if system == System.DYNAMICS else _PLURALS
    return words.get(object_, object_)


def object_in_both(object_: str) -> str:
    """What records of an object are called, with the word of Dynamics where it is another: "Companies (accounts)"."""
    own, other = object_word(object_), object_word(object_, System.DYNAMICS)
    return own.capitalize() if own == other else f"{own.capitalize()} ({other})"


def records_word(object_: str, system: str) -> str:
    """Such as "Dynamics accounts"; what is a lead in Dynamics is a contact in HubSpot."""
    if object_ == Object.LEAD and system == System.HUBSPOT:
        return "HubSpot contacts of leads"
    return f"{system_word(system)} {object_word(object_, system)}"


def mapping_word(object_: str, hubspot_field: str, dynamics_field: str) -> str:
    """Such as "Contacts: jobtitle / new_role"; a name that both systems have stands once."""
    names = dict.fromkeys((hubspot_field, dynamics_field))
    return f"{object_word(object_).capitalize()}: {' / '.join(names)}"


def rank_of(key: str | None, order: Iterable[str]) -> int:
    """The place of a word in an order; words that are not in it come last."""
    ranks = {word: rank for rank, word in enumerate(order)}
    return ranks.get(key or "", len(ranks))


def object_rank(object_: str | None) -> int:
    """The place of an object in the order of the sync; unknown ones last."""
    return rank_of(object_, OBJECT_ORDER)


def say_agreements(corroboration: str | None) -> str:
    """In what two companies of like names agree besides, such as "domain, city"; empty where in nothing."""
    return ", ".join(AGREEMENTS.get(word, word) for word in (corroboration or "").split(";") if word)


def split_question(question: str) -> tuple[str, str]:
    """An open question, and what is said of it in brackets behind it; empty where nothing is."""
    asked, _, note = question.partition("? (")
    return (f"{asked}?", note.removesuffix(")")) if note else (question, "")


def format_share(share: float) -> str:
    """A share from 0 to 1 as percent; what is not nothing never reads as 0 %, nor what is not all as 100 %."""
    if 0 < share < 0.001:
        text = "< 0.1 %"
    elif 0.999 < share < 1:
        text = "> 99.9 %"
    else:
        text = f"{share * 100:.{1 if 0 < share < 0.1 or 0.99 < share < 1 else 0}f} %"
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def table_word(name: str) -> str:
    """The table of a path such as `hubspot/owners`: `owners`."""
    return name.rpartition("/")[2]


def say_tables(names: Iterable[str]) -> list[str]:
    """Such as `HubSpot owners`, of each path such as `hubspot/owners`."""
    return [f"{system_word(name.partition('/')[0])} {table_word(name)}" for name in names]


def list_tables(names: Iterable[str]) -> str:
    """Such as `HubSpot contacts, HubSpot deals and Dynamics contacts`; empty without any."""
    *first, last = say_tables(names) or [""]
    return f"{', '.join(first)} and {last}" if first else last
