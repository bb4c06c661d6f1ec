"""The rows of a worklist as texts for people: what happens, why, what to do, and what is behind it.

Facts
    * Unless names are asked for, a person is shown by the stand-in that the forecast's masked tables have for the same
      key, values of people as filled, and owners by their ids. Companies, deals and invoices are named.
    * What is not known is called so. A cell is empty only where there is nothing to say.

Where it is used: `worklist.write_workbook`, `kit.worklists`, `worklist.decisions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from dynsync_lib.core.masking import FEWER, PEOPLE, Mask, Masking, is_small, may_be_people, round_to_fives
from dynsync_lib.core.model import LinkStatus, Outcome, Reason, System, Verdict
from dynsync_lib.forecasts.counted_forecast import hide_few
from dynsync_lib.record_urls import RecordUrls
from dynsync_lib.report.words import (
    LINK_FATES,
    NAME_SENTENCES,
    OUTCOME_MEANINGS,
    REASONS,
    SEVERITIES,
    VERDICTS,
    say_agreements,
)
from dynsync_lib.workbooks.new import cell_of
from dynsync_lib.worklist.queries import query_of
from dynsync_lib.worklist.sheets import Sheet
from dynsync_lib.worklist.tables import WorklistTables

Asked = Mapping[str, Any]
"""A row as the query of its sheet gives it."""
NOT_KNOWN: Final = "not known"
_AT_ONCE: Final = 4_096
_BOTH: Final = "Both systems"
_WITHOUT_KEY: Final = "person without a key"


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes cells. `mask` says what may be shown of people; `urls` knows the portals' addresses.

    `tell_finding` makes of a finding, whose `sentence` tells its `count`, what may be told of it.
    """

    tables: WorklistTables
    urls: RecordUrls
    mask: Mask
    tell_finding: Callable[[Asked], Asked] = dict

    def rows(self, sheet: Sheet) -> Iterator[tuple[Asked, dict[str, Any]]]:
        """The rows of a sheet in order: as they were asked for, and by column the cell. Computes the sheet's query."""
        for asked in self._ask(query_of(sheet.name)):
            cells = {column: _CELLS[column](self, sheet, asked) for column in sheet.content}
            cells["rule_id"] = asked["rule_id"]
            cells["row_key"] = sheet.key_of(cell_of(cells[column]) for column in sheet.ids)
            yield asked, cells

    def _ask(self, query: str) -> Iterator[dict[str, Any]]:
        cursor = self.tables.connection.cursor().execute(query)
        names = [column[0] for column in cursor.description]
        while rows := cursor.fetchmany(_AT_ONCE):
            yield from (dict(zip(names, row, strict=True)) for row in rows)

    def name(self, object_: str | None, name: str | None, key: str | None, *, is_known: bool) -> str:
        """A record's name as it may be shown."""
        if self.mask.hides_people and object_ in PEOPLE:
            return self.mask.name(object_, name, key) or _WITHOUT_KEY
        return name or ("without a name" if is_known else NOT_KNOWN)

    def value(self, object_: str | None, value: str | None) -> str | None:
        """A value as it may be shown."""
        return self.mask.value(object_, value)

    def finding(self, asked: Asked) -> Asked:
        """A finding as it may be told: `sentence`, and `count` in words or as a number."""
        shown = self.tell_finding({**asked, "sentence": asked["reason"], "share": None})
        is_few = shown["count"] is None and asked["count"] is not None
        return {**shown, "count": FEWER} if is_few else shown

    def sentences(self, object_: str | None, sentences: str | None) -> str | None:
        """Sentences about records of an object as they may be told."""
        return hide_few(object_, sentences) if self.mask.level is Masking.COUNTS else sentences

    def owner(self, asked: Asked) -> str:
        """Who owns the record: an id, or with names the person."""
        if not asked["is_known"]:
            return NOT_KNOWN
        if asked["owner_id"] is None:
            return "nobody"
        return str(asked["owner_id"] if self.mask.hides_people else asked["owner_name"] or asked["owner_id"])

    def url(self, system: str | None, object_: str | None, record_id: str | None) -> str | None:
        """The address that opens a record; None without a record."""
        return None if record_id is None else self.urls.url_of(system, object_, record_id) or NOT_KNOWN

    def amount(self, asked: Asked, total: str, currencies: str, *, is_known: bool) -> float | str:
        """An amount behind a record, 0 when there is none; in words when it cannot be added up."""
        if not is_known:
            return NOT_KNOWN
        if (asked[currencies] or 0) > 1:
            return "several currencies"
        return float(asked[total] or Decimal(0))

    def open_value(self, asked: Asked) -> float | str:
        """What the open deals behind a record are worth; in words when the amount of one is not known."""
        amount = self.amount(asked, "open_value", "deal_currencies", is_known=self.knows_deals(asked))
        lacking = asked["deals_without_amount"] or 0
        return f"{amount:,.2f}, and {lacking:,} without an amount" if lacking and isinstance(amount, float) else amount

    def ranked(self, number: float | None) -> float | str:
        """A place among the fixes or the share that is gone up to it; in words where there is none."""
        if number is None:
            return "no fix known" if self.tables.has_ranks else "not asked for"
        return number

    def knows_deals(self, asked: Asked) -> bool:
        """Whether it is known which deals of the record's system are open."""
        return asked["system"] in self.tables.knows_deals

    def invoiced(self, asked: Asked) -> float | str:
        """What was invoiced to a record, or is invoiced by it."""
        return self.amount(
            asked, "invoiced", "invoice_currencies", is_known=asked["system"] in self.tables.knows_invoices
        )


_Cell = Callable[[RowMaker, Sheet, Asked], Any]


def _system(maker: RowMaker, sheet: Sheet, asked: Asked) -> str:
    del maker, sheet
    return _BOTH if asked["system"] is None else System(asked["system"]).label


def _other_name(maker: RowMaker, sheet: Sheet, asked: Asked) -> str | None:
    del sheet
    if asked["other_id"] is None:
        return None
    parts = (asked["other_object"], asked["other_name"], asked["other_match_key"])
    return maker.name(*parts, is_known=asked["other_is_known"])


def _reason(maker: RowMaker, sheet: Sheet, asked: Asked) -> str:
    if sheet.name == "findings":
        return str(maker.finding(asked)["sentence"])
    if sheet.name == "mappings":
        return _mapping_words({**asked, "reason": maker.sentences(asked["object"], asked["reason"])})
    return _WORDS.get(sheet.name, _outcome_words)(asked)


def _outcome_words(asked: Asked) -> str:
    if asked["outcome"] == Outcome.SHADOWED:
        differs = (asked["differs_in"] or "").replace(";", ", ")
        return _sentence(OUTCOME_MEANINGS[Outcome.SHADOWED], differs and f"it differs in {differs}")
    return _sentence(REASONS.get(asked["reason"], asked["reason"]))


def _near_name_words(asked: Asked) -> str:
    why = NAME_SENTENCES.get(asked["reason"], f"the names differ in {asked['reason']}")
    agrees = say_agreements(asked["corroboration"])
    likeness = f"signs and accents aside they are alike by {asked['score']:.0f} of 100"
    return _sentence(why, likeness, f"also equal: {agrees}" if agrees else "nothing else was found to agree")


def _link_words(asked: Asked) -> str:
    word, why = LINK_FATES.get(asked["rule_id"]) or LINK_FATES.get(asked["reason"]) or (asked["reason"], "")
    return _sentence(why or word)


def _overwrite_words(asked: Asked) -> str:
    return _sentence("the other system's value wins this conflict", _NOTES.get(asked["reason"], asked["reason"]))


def _mapping_words(asked: Asked) -> str:
    verdict = VERDICTS[Verdict(asked["outcome"])].word if asked["outcome"] in VERDICTS else asked["outcome"]
    return f"{verdict}. {asked['reason'] or ''}".strip()


def _option_words(asked: Asked) -> str:
    if asked["held_value"] is None:
        return "Values that are none of the options of their own field."
    return f"No option of {System(asked['system']).label} pairs with it, so the value stays behind."


_WORDS: Final[Mapping[str, Callable[[Asked], str]]] = {
    "near_names": _near_name_words,
    "lost_associations": _link_words,
    "manual_invoices": lambda _: "Data Sync associates invoices with contacts, never with companies.",
    "overwrites": _overwrite_words,
    "options": _option_words,
    "opt_outs": lambda asked: _sentence(asked["detail"] or "opted out on one side only"),
    "behind_findings": lambda asked: str(asked["sentence"]),
}
"""By sheet why a row stands there; the others say it by the record's outcome."""
_NOTES: Final[Mapping[str, str]] = {
    "stale_winner": "its record is the older one of the two",
    "several_writers": "several records write this field, and the last one stays",
}
"""Notes of changes in words."""


def _suggestion(maker: RowMaker, sheet: Sheet, asked: Asked) -> str:
    if asked["fix"] or sheet.name in ("mappings", "findings"):
        return maker.sentences(asked["object"], asked["fix"]) or "Nothing needs to be done, if that is what you want."
    if sheet.name == "options":
        return _suggest_option(asked)
    suggestion = _SUGGESTIONS.get(asked["reason"] or asked["outcome"])
    return suggestion or _OF_SHEETS.get(sheet.name, "Look at the record, and correct what the reason names.")


def _suggest_option(asked: Asked) -> str:
    """Where people add the option, and what else pairs it."""
    if asked["held_value"] is None:
        return "Correct these values, or add them as options of their own field first."
    also = "Then pair the two" if asked["paired_by"] == "explicit" else "Or pair the value with one that is there"
    return f"{_ADD_OPTION[asked['system']]} {also}, in the mapping's options."


_ADD_OPTION: Final[Mapping[str, str]] = {
    System.HUBSPOT: "Add it in HubSpot's settings, among the options of the property.",
    System.DYNAMICS: "Add it in Power Apps, among the choices of the column, which then gives it a number.",
}
_ADDRESS: Final = "Add an address, or accept in writing that this record stays out."
_SUGGESTIONS: Final[Mapping[str, str]] = {
    Outcome.SHADOWED: "Merge the two records where they are one, otherwise give this one a key of its own.",
    Reason.NO_EMAIL: _ADDRESS,
    Reason.NO_MATCH_KEY: "Fill in what it is matched by, or accept in writing that it stays out.",
    Reason.STAGE_UNMAPPED: "Pair its stage under [sync.deal.stages].",
    Reason.LIFECYCLE_ROUTE: "Change its lifecycle stage, or the stages that are routed, if it is to sync.",
    Reason.INVALID_EMAIL: "Correct the address. The mark fix, with --fixes, writes a file that empties it in Dynamics: "
    "the record then stays out.",
    Reason.EMAIL_CONFLICT: "Find out whose address it is, and take it from the other contact.",
    Reason.TOO_LONG: "Shorten the text in HubSpot, or lengthen the column in Dynamics.",
    Reason.REQUIRED: "Fill in the required field.",
    Reason.OPTION: "Pair the option in the mapping, or add it on the other side.",
    Reason.RANGE: "Correct the number or date, or widen the range of the column.",
    Reason.INACTIVE_READONLY: "Reactivate the record in Dynamics, or keep inactive records out with a filter.",
    Reason.PRIVILEGE: "Give the user of the sync the right to write it.",
    Reason.NO_IDENTITY: "Fill in what tells it from other records.",
    LinkStatus.DROPPED_NON_PRIMARY: "Make this company the primary one, or keep its name in a text field.",
    LinkStatus.PARENT_IS_CONTACT: "Point the company name to an account.",
    LinkStatus.TARGET_NOT_SYNCED: "Let the record at the other end sync: see the sheets on which it stands.",
    LinkStatus.MANUAL: "Associate the invoice with the company in HubSpot after the sync.",
    "stale_winner": "Look at this one first: turn the conflict winner round, or bring the winning record up to date.",
}
"""What to do, by the reason or the outcome of a row."""
_OF_SHEETS: Final[Mapping[str, str]] = {
    "near_names": "Write both names alike if it is one company; otherwise ignore.",
    "overwrites": "Accept, or put the right value into the winning record.",
}


def _count(maker: RowMaker, sheet: Sheet, asked: Asked) -> int | str:
    """How many records a finding or a mapping is about."""
    if asked["count"] is None:
        return NOT_KNOWN
    if sheet.name == "findings":
        count: int | str = maker.finding(asked)["count"]
        return count
    if maker.mask.level is not Masking.COUNTS or not may_be_people(asked["object"]):
        return int(asked["count"])
    return FEWER if is_small(asked["object"], asked["count"]) else round_to_fives(int(asked["count"]))


_CELLS: Final[Mapping[str, _Cell]] = {
    "check_id": lambda _, __, asked: asked["check_id"],
    "severity": lambda _, __, asked: SEVERITIES[asked["severity"]].word if asked["severity"] in SEVERITIES else None,
    "system": _system,
    "object": lambda _, __, asked: asked["object"] or "several",
    "record_id": lambda _, __, asked: asked["record_id"],
    "name": lambda maker, _, asked: maker.name(
        asked["object"], asked["name"], asked["match_key"], is_known=asked["is_known"]
    ),
    "url": lambda maker, _, asked: maker.url(asked["system"], asked["object"], asked["record_id"]),
    "other_id": lambda _, __, asked: asked["other_id"],
    "other_name": _other_name,
    "other_url": lambda maker, _, asked: maker.url(asked["other_system"], asked["other_object"], asked["other_id"]),
    "hubspot_field": lambda _, __, asked: asked["hubspot_field"],
    "dynamics_field": lambda _, __, asked: asked["dynamics_field"],
    "field": lambda _, __, asked: asked["field"],
    "old_value": lambda maker, _, asked: maker.value(asked["object"], asked["old_value"]),
    "new_value": lambda maker, _, asked: maker.value(asked["object"], asked["new_value"]),
    "held_value": lambda _, __, asked: asked["held_value"],
    "option_label": lambda _, __, asked: asked["option_label"],
    "option_value": lambda _, __, asked: asked["option_value"],
    "detail": lambda _, __, asked: asked["detail"],
    "reason": _reason,
    "suggestion": _suggestion,
    "fix_rank": lambda maker, _, asked: maker.ranked(asked["fix_rank"]),
    "fix_share": lambda maker, _, asked: maker.ranked(asked["fix_share"]),
    "turns_on": lambda _, __, asked: asked["turns_on"],
    "owner": lambda maker, _, asked: maker.owner(asked),
    "minutes": lambda _, sheet, __: sheet.minutes,
    "open_deals": lambda maker, _, asked: (asked["open_deals"] or 0) if maker.knows_deals(asked) else NOT_KNOWN,
    "open_value": lambda maker, _, asked: maker.open_value(asked),
    "invoiced": lambda maker, _, asked: maker.invoiced(asked),
    "count": _count,
}
"""How the cell of each column is made."""


def _sentence(*parts: str | None) -> str:
    """Parts of a reason as one sentence."""
    text = "; ".join(part for part in parts if part)
    return f"{text[:1].upper()}{text[1:]}."
