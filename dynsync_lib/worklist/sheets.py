"""The sheets of a worklist: one a decision. What each asks, which columns it has, and by what its rows are known.

Facts
    * A row is known by its key, made of the sheet's name and the texts of its `ids` columns: the same thing to do has
      the same key in the worklist of another forecast. A key says nothing to whoever has not the ids.
    * A record that stays out or fails stands on one sheet only, by its outcome.
    * Minutes are an estimate of ours, for one row.

Where it is used: `worklist`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core.tables import RECORD_TABLES

MARKS: Final = ("accept", "fix", "ignore")
"""What people may answer: it may happen as the forecast says; it will be put right; it does not matter."""
FIRST_SHEET: Final = "Read me"
FORECAST_ID: Final = "Forecast id"
"""What stands before the forecast's id on the first sheet."""
DATA_OF: Final = "Data of"
"""What stands before the moment of the data on the first sheet."""
KEY_DIGITS: Final = 20

COLUMNS: Final[Mapping[str, tuple[str, int]]] = {
    "mark": ("Mark", 9),
    "note": ("Note", 30),
    "check_id": ("Check", 8),
    "severity": ("Severity", 12),
    "system": ("System", 13),
    "object": ("Object", 11),
    "record_id": ("Record id", 38),
    "name": ("Name", 28),
    "url": ("Open", 44),
    "other_id": ("Other record id", 38),
    "other_name": ("Other name", 28),
    "other_url": ("Open the other", 44),
    "hubspot_field": ("HubSpot property", 24),
    "dynamics_field": ("Dynamics column", 24),
    "field": ("Field", 24),
    "old_value": ("Value before", 28),
    "new_value": ("Value after", 28),
    "held_value": ("Value on the other side", 24),
    "option_label": ("Label to add", 28),
    "option_value": ("Internal value to add", 24),
    "detail": ("Detail", 40),
    "reason": ("Reason", 60),
    "suggestion": ("Suggestion", 60),
    "fix_rank": ("Fix rank", 10),
    "fix_share": ("Risk gone up to here", 12),
    "turns_on": ("Turns on", 20),
    "owner": ("Owner", 38),
    "minutes": ("Minutes", 9),
    "open_deals": ("Open deals", 11),
    "open_value": ("Open deal value", 16),
    "invoiced": ("Invoiced", 16),
    "count": ("Records", 10),
    "rule_id": ("Rule", 28),
    "row_key": ("Row key", 24),
}
"""Heading and width of every column."""
LINK_COLUMNS: Final = ("url", "other_url")
_RECORD: Final = ("system", "object", "record_id", "name", "url")
_OTHER: Final = ("other_id", "other_name", "other_url")
_WHY: Final = ("reason", "suggestion")
_RANK: Final = ("fix_rank", "fix_share")
_BEHIND: Final = ("owner", "minutes", "open_deals", "open_value", "invoiced")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One decision. `name` is how files and JSON call it, `asks` the question that a row puts.

    `needs` are the record tables of the snapshot without which nobody knows all of its rows; `rests_on` are the audit
    rules that say, when they are not checked, that columns or associations were lacking, so that rows are, too.
    """

    name: str
    title: str
    asks: str
    content: tuple[str, ...]
    ids: tuple[str, ...]
    minutes: int
    needs: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()

    @property
    def is_of_records(self) -> bool:
        """Whether its rows are records, which nobody may see where numbers alone are shown."""
        return "record_id" in self.ids

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns in order: what people fill in, what they read, and the row's key at the end."""
        return ("mark", "note", *self.content, "rule_id", "row_key")

    def key_of(self, ids: Iterable[str]) -> str:
        """The key of the row with these texts in the columns `ids`."""
        text = json.dumps([self.name, *ids], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:KEY_DIGITS]


_ALL: Final = tuple(name for name, table in RECORD_TABLES.items() if table.object is not None)
_PEOPLE: Final = ("dynamics/contacts", "dynamics/leads")
_COMPANIES: Final = ("hubspot/companies", "dynamics/accounts")
_INVOICES: Final = ("hubspot/invoices", "dynamics/invoices")
_OF_RECORD: Final = ("system", "object", "record_id")
_OPT_OUTS: Final = "G42"
_VALUES: Final = "G60"
_KEYS: Final = "G61"
_ASSOCIATIONS: Final = ("G64", "G67")
"""Audit rules by what was not delivered when they are not checked; G67 is of names that no record has."""
SHEETS: Final = (
    Sheet(
        "ghosts",
        "Ghosts",
        "Contacts and leads of Dynamics that silently will not exist in HubSpot, with the deals behind them.",
        (*_RECORD, *_OTHER, *_WHY, *_RANK, "turns_on", *_BEHIND),
        _OF_RECORD,
        5,
        _PEOPLE,
        (_KEYS,),
    ),
    Sheet(
        "shared_keys",
        "Shared keys",
        "Other records that lose their address, name or domain to an earlier one and never sync.",
        (*_RECORD, *_OTHER, *_WHY, *_RANK, "turns_on", *_BEHIND),
        _OF_RECORD,
        5,
        ("hubspot/contacts", *_COMPANIES),
        (_KEYS,),
    ),
    Sheet(
        "failing",
        "Failing",
        "Records that the sync will try, and that the other system will refuse.",
        (*_RECORD, *_OTHER, *_WHY, *_RANK, "turns_on", *_BEHIND),
        _OF_RECORD,
        3,
        _ALL,
        (_KEYS, _VALUES),
    ),
    Sheet(
        "left_out",
        "Left out",
        "Records that stay out because something is missing: a name, an address, a stage that is paired.",
        (*_RECORD, *_WHY, "turns_on", *_BEHIND),
        _OF_RECORD,
        3,
        _ALL,
        (_KEYS,),
    ),
    Sheet(
        "near_names",
        "Near names",
        "A company and an account that may be one firm under two names: each will be created again on the other side.",
        (*_RECORD, *_OTHER, *_WHY, *_RANK, *_BEHIND),
        ("record_id", "other_id"),
        2,
        _COMPANIES,
        (_KEYS,),
    ),
    Sheet(
        "opt_outs",
        "Opt-outs",
        "People who have opted out of mail on one side only.",
        (*_RECORD, *_OTHER, *_WHY, *_BEHIND),
        (*_OF_RECORD, "other_id"),
        2,
        ("hubspot/contacts", *_PEOPLE),
        (_KEYS, _OPT_OUTS),
    ),
    Sheet(
        "lost_associations",
        "Lost associations",
        "Associations with a company that do not survive the sync, though the record itself does.",
        (*_RECORD, *_OTHER, *_WHY, *_BEHIND),
        (*_OF_RECORD, "other_id"),
        2,
        _ALL,
        (_KEYS, *_ASSOCIATIONS),
    ),
    Sheet(
        "manual_invoices",
        "Manual invoices",
        "Invoices whose company somebody must associate by hand after the sync.",
        (*_RECORD, *_OTHER, *_WHY, "owner", "minutes", "invoiced"),
        (*_OF_RECORD, "other_id"),
        1,
        _INVOICES,
        _ASSOCIATIONS,
    ),
    Sheet(
        "overwrites",
        "Overwrites",
        "Values that the first sync replaces by those of the other system.",
        (*_RECORD, *_OTHER, "field", "old_value", "new_value", *_WHY, "owner", "minutes"),
        (*_OF_RECORD, "other_id", "field"),
        1,
        _ALL,
        (_KEYS, _VALUES),
    ),
    Sheet(
        "mappings",
        "Mappings",
        "Field mappings that do not work as they were asked for.",
        ("object", "hubspot_field", "dynamics_field", *_WHY, "minutes", "count"),
        ("object", "hubspot_field", "dynamics_field"),
        15,
    ),
    Sheet(
        "options",
        "Options to add",
        "Options that a system lacks, so that values stay behind. Neither imports options from a file: type them in.",
        (
            *("system", "object", "hubspot_field", "dynamics_field"),
            *("option_label", "option_value", "held_value"),
            *_WHY,
            *("minutes", "count"),
        ),
        ("system", "object", "hubspot_field", "dynamics_field", "held_value"),
        2,
        _ALL,
        (_VALUES,),
    ),
    Sheet(
        "findings",
        "Findings",
        "What the audit rules say of all records together; what is not checked is never a pass.",
        ("check_id", "severity", "system", "object", *_WHY, "minutes", "count"),
        ("check_id", "system", "object", "rule_id"),
        10,
    ),
    Sheet(
        "behind_findings",
        "Behind findings",
        "Records behind the findings that have no sheet of their own.",
        ("check_id", "severity", *_RECORD, *_OTHER, "detail", *_WHY, *_BEHIND),
        ("check_id", "rule_id", *_OF_RECORD, "other_id", "detail"),
        1,
        _ALL,
        (_KEYS, _VALUES, *_ASSOCIATIONS),
    ),
)
LISTED_ELSEWHERE: Final = frozenset(
    (
        *(
            "G01",
            "G02",
            "G06",
            "G09",
            "G10",
            "G11",
            "G15",
            "G16",
            "G17",
            "G20",
            "G24",
            "G25",
            "G34",
            "G36",
            "G45",
            "G47",
            "G68",
        ),
        *("company.no-name", "deal.stage-unmapped"),
    )
)
"""Checks, and rules of checks, whose records stand on sheets of their own: by outcome, near name, association, mapping
or overwrite.
"""
CHECKS_OF_SHEETS: Final = frozenset(check for sheet in SHEETS for check in sheet.rests_on)
"""All audit rules on which the rows of a sheet rest."""
NEEDING_SNAPSHOT: Final = frozenset(("opt_outs", "options", "behind_findings"))
"""Sheets whose rows cannot be had from the forecast alone."""


def heading_of(column: str) -> str:
    """The heading of a column."""
    return COLUMNS[column][0]
