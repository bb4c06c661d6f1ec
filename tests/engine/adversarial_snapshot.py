"""A snapshot on which engines like to disagree: white space of every kind, letters whose case is odd, ties, rubbish.

Facts
    * Each text of TEXTS stands in every mapped field of some record of each side, with and without a partner.
    * One column is missing on either side, others are there and null; empty text is neither.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from dynsync_lib import kit
from dynsync_lib.core.tables import COLUMNS, PROPERTIES, RECORD_TABLES
from dynsync_lib.portals.metadata_rows import stored_rows
from dynsync_lib.snapshot.writer import SnapshotWriter

TAKEN_AT: Final = datetime(2026, 11, 23, tzinfo=UTC)
TEXTS: Final = (
    *(None, "", " ", "\t", "\u00a0", "\u200b", "\ufeff\u2060", "\u3000", "two\nlines", "plain", "\tplain\n"),
    *("\u00a0plain\u00a0", "\u200bplain\u200d", "pla\u200bin", "pla\tin", "plain\r\n", "plain\x85"),
    *("straße", "STRASSE", "STRAẞE", "İstanbul", "istanbul", "i\u0307stanbul", "ISTANBUL", "ıstanbul"),
    *("ΣΊΣΥΦΟΣ", "σίσυφος", "σίσυφοσ", "Ωmega", "Ꭰꭰ", "ǅ", "ﬁrma", "firma", "ＦＩＲＭＡ", "é", "e\u0301", "Ａ１", "ﬃ"),
    *("x" * 10_000, "ß" * 10_000, "a." * 5_000, "\u00a0" * 10_000, "0" * 10_000, "🙂" * 40, "a\\b%_'\"[x]{1}$^"),
    *("0", "-0", "+1", "1.0", "01.50", "1.5", "1e3", ".5", "5.", "-.5", "1,5", "٣", "9" * 400, "1" + "0" * 299, "NaN"),
    *("true", "TRUE", "1", "false", "yes", "null", "None", "2026-02-29", "2026-01-31", "2026-01-31T10:00:00Z"),
    *(
        "2000000",
        "-2",
        "2026-01-31T10:00:00.000Z",
        "2026-01-31 10:00:00",
        "2026-13-01T25:61:61Z",
        "0000-00-00",
        "20260131",
    ),
    *("+49 30 5551", "0049 (30) 555-1", "٠٣٠", "A;B", ";;", "=1+1"),
)
ADDRESSES: Final = (
    *(None, "", " ", "ada@example.com", "Ada@Example.com ", "\u00a0ada@example.com", "ada@example.com\u200b"),
    *(
        "ＡＤＡ@example.com",
        "a@example.com.",
        "İ@example.com",
        "i\u0307@example.com",
        "ΣΣ@example.com",
        "σς@example.com",
    ),
    *("ß@example.com", "ada@", "@example.com", "a b@example.com", "a@b", "a@münchen.de", "a@xn--mnchen-3ya.de"),
    *("a@example.ΔΟΚΙΜΗ", "a@example.com\n", "a." * 5_000 + "a@example.com", "x" * 10_000, "=cmd@example.com"),
)
MOMENTS: Final = (
    *("2026-01-31T10:00:00Z", "2026-01-30T10:00:00Z", "2026-01-31 10:00:00", "2026-01-31T10:00:00.999Z"),
    *("2026-01-31", None, "", "soon", "\u00a02026-02-01T00:00:00Z\t"),
)
SETTINGS: Final = """
[hubspot]
auto_create_companies = "on"

[sync.company]
[[sync.company.mapping]]
hubspot = "size"
dynamics = "size"

[sync.contact]
filter_to_hubspot = "(statecode = 0 or jobtitle contains 'i\u0307') and jobtitle != 'σίσυφος'"
filter_to_dynamics = "jobtitle in ('plain', 'İSTANBUL', 'straße', 'ΣΊΣΥΦΟΣ', 'FIRMA') or points >= 1"
[[sync.contact.mapping]]
hubspot = "points"
dynamics = "points"
[[sync.contact.mapping]]
hubspot = "birthday"
dynamics = "birthday"
[[sync.contact.mapping]]
hubspot = "seen"
dynamics = "seen"
[[sync.contact.mapping]]
hubspot = "wants"
dynamics = "wants"
[[sync.contact.mapping]]
hubspot = "colour"
dynamics = "colour"
[[sync.contact.mapping]]
hubspot = "note"
dynamics = "points_text"
direction = "to_hubspot"

[sync.deal]
stages = { "İ" = "1", "plain" = "2" }

[sync.invoice]
"""
_COLOURS: Final = json.dumps(
    [{"value": "red", "label": "Rot\u00a0"}, {"value": "İ", "label": "İ"}, {"value": "1", "label": "ROT"}]
)
_COLOUR_CODES: Final = json.dumps(
    [{"value": "1", "label": "rot"}, {"value": "2", "label": "i\u0307"}, {"value": "3", "label": "Σ"}]
)
_FIELDS: Final = {
    "points": ("number", "Decimal"),
    "birthday": ("date", "DateTime"),
    "seen": ("datetime", "DateTime"),
    "wants": ("bool", "Boolean"),
    "colour": ("enumeration", "Picklist"),
    "note": ("string", "String"),
    "points_text": ("string", "Decimal"),
    "size": ("number", "Integer"),
}
Row = dict[str, Any]


def make_adversarial_snapshot(folder: Path) -> Path:
    """The snapshot, in a folder that is not there."""
    tables = {
        "hubspot/contacts": _contacts("hs_object_id", "email", "h"),
        "dynamics/contacts": _contacts("contactid", "emailaddress1", "d"),
        "hubspot/companies": _companies("hs_object_id"),
        "dynamics/accounts": _companies("accountid"),
        "hubspot/deals": _trade("hs_object_id", "dealstage"),
        "dynamics/opportunities": _trade("opportunityid", "statuscode"),
        "dynamics/invoices": _trade("invoiceid", "statecode"),
    }
    maker = kit.key_maker()
    with SnapshotWriter(folder, source="files", started_at=TAKEN_AT) as writer:
        writer.write("hubspot/properties", stored_rows(_properties(), PROPERTIES))
        writer.write("dynamics/columns", stored_rows(_columns(), COLUMNS))
        for name, rows in tables.items():
            table = RECORD_TABLES[name]
            given = [row | {"id": str(row[table.id_field]), "api_rank": rank} for rank, row in enumerate(rows)]
            vendor = list(given[0])[:-2]
            writer.write(name, [row | maker.finish(table, row) for row in given], vendor_columns=vendor)
        writer.write("hubspot/links", _links())
        writer.finish(finished_at=TAKEN_AT, facts={})
    return folder


def _contacts(id_field: str, email: str, side: str) -> Iterator[Row]:
    """Contacts with every text in every field, with addresses that are shared, paired, alone or rubbish."""
    step = 1 if side == "h" else 3
    is_hubspot = side == "h"
    for place in range(3 * len(TEXTS)):
        turn = place * step
        yield {
            id_field: f"{side}{place * 7 % 1000:04d}",
            email: _address(place, side),
            **({"hs_additional_emails": f"person{place}@example.com;ADA@example.com"} if is_hubspot else {}),
            "firstname": _text(place, 0) if place % 3 == 0 else "plain",
            "lastname": _text(turn, 1) if place % 3 == 0 else None,
            "jobtitle": _text(turn, 2) if place % 4 else None,
            ("phone" if is_hubspot else "telephone1"): _text(place, 5) if place % 3 == 0 else "+49 30 5551",
            ("city" if is_hubspot else "address1_city"): _text(place, 6) if is_hubspot and place % 3 == 0 else None,
            "points": _text(turn, 3),
            "birthday": _text(turn, 4),
            "seen": _text(turn, 5),
            "wants": _text(turn, 6),
            "colour": ("red", "İ", "i\u0307", "1", "2", " 2 ", None, "")[turn % 8],
            **({"note": _text(place, 9)} if is_hubspot else {"points_text": _text(place, 11)}),
            **({} if is_hubspot else _dynamics_only(place)),
            ("lastmodifieddate" if is_hubspot else "modifiedon"): MOMENTS[
                place * (1 if is_hubspot else 2) % len(MOMENTS)
            ],
        }


def _moment(turn: int) -> str | None:
    return MOMENTS[turn % len(MOMENTS)]


def _address(place: int, side: str) -> str | None:
    if place % 4 == 0:
        return f"{side}{place}@example.com" if place % 8 else f"{side}{place}@ rubbish"
    return ADDRESSES[place % len(ADDRESSES)] if place % 4 == 1 else f"Person{place // 3}@example.com"


def _dynamics_only(place: int) -> Row:
    return {
        "statecode": ("0", "1", " 0", None, "")[place % 5],
        "_parentcustomerid_value": f"c{place % 40:04d}",
        "_parentcustomerid_type": ("account", "contact", None)[place % 3],
    }


def _companies(id_field: str) -> Iterator[Row]:
    for place, text in enumerate(TEXTS):
        name = text if place % 3 else f"{text or ''} GmbH" if id_field == "accountid" else f"{text or ''} AG"
        yield {id_field: f"c{place:04d}", "name": name, "size": _text(place, 7), "description": _text(place, 8)}


def _trade(id_field: str, stage: str) -> Iterator[Row]:
    stages = ("İ", "1", " plain", "2", None, "")
    for place in range(30):
        yield {id_field: f"t{place:04d}", stage: stages[place % len(stages)], "name": _text(place, 0)}


def _links() -> Iterator[Row]:
    for place in range(60):
        source, target = f"h{place * 7:04d}", f"c{place % 9:04d}"
        ends = {"from_object": "contact", "from_id": source, "to_object": "company", "to_id": target}
        yield {**ends, "label": None, "is_primary": (True, False, None)[place % 3]}
        yield {**ends, "label": "again", "is_primary": place % 2 == 0}


def _text(place: int, shift: int) -> str | None:
    return TEXTS[(place + shift * 11) % len(TEXTS)]


def _properties() -> list[Row]:
    standard = [dict(row) for row in kit.rulebook().standard_schema["properties"]]
    standard = [row | ({"options": None} if row["name"] == "dealstage" else {}) for row in standard]
    own = [{"object": _object(name), "name": name, "label": name, "type": kind} for name, (kind, _) in _FIELDS.items()]
    return [*standard, *(row | ({"options": _COLOURS} if row["name"] == "colour" else {}) for row in own)]


def _columns() -> list[Row]:
    standard = [dict(row) for row in kit.rulebook().standard_schema["columns"]]
    own = []
    for name, (_, kind) in _FIELDS.items():
        row: Row = {"object": _object(name), "name": name, "label": name, "type": kind}
        row |= {"format": "DateOnly"} if name == "birthday" else {}
        row |= {"min_value": -1.0, "max_value": 1_000_000.0} if name == "points" else {}
        own.append(row | ({"options": _COLOUR_CODES} if name == "colour" else {}))
    return [*standard, *own]


def _object(name: str) -> str:
    return "company" if name == "size" else "contact"
