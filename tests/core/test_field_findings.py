"""What the audit rules about fields count, and when they say that they cannot know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from dynsync_lib.core.audit.findings import MEASURES
from dynsync_lib.core.counting import answers
from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.settings import ObjectSync
from dynsync_lib.core.tables import CHANGES, OUTCOMES
from dynsync_lib.engine.polars_engine import PolarsEngine
from tests.core.field_pairs import Portals, sync

H, D, CONTACT, DEAL = System.HUBSPOT, System.DYNAMICS, Object.CONTACT, Object.DEAL
CREATED = [{"system": "dynamics", "object": "contact", "record_id": f"d{n}", "outcome": "create"} for n in (1, 2, 3)]


def count(
    measure: str,
    portals: Portals,
    *,
    outcomes: Sequence[Mapping[str, Any]] = (),
    changes: Sequence[Mapping[str, Any]] = (),
    time_zone: str | None = None,
) -> int | None:
    """What a measure counts; the forecast's tables are given."""
    with PolarsEngine() as engine:
        situation = replace(portals.situation(engine), time_zone=time_zone)
        tables = {
            "outcomes": engine.from_rows(outcomes, OUTCOMES.columns),
            "changes": engine.from_rows(changes, CHANGES.columns),
        }
        return answers(tables, {measure: MEASURES[measure](situation, tables)})[measure]


AMOUNT = Field(H, DEAL, "amount", "Amount", "number", "number")
VALUE = Field(D, DEAL, "estimatedvalue", "Est. Revenue", "Money")


def deals(currencies: Sequence[str | None] | None, mappings: ObjectSync) -> Portals:
    lines = ["10", "20", "30", None]
    given = [{"id": f"d{n}", "estimatedvalue": value} for n, value in enumerate(lines)]
    if currencies is not None:
        pairs = zip(given, currencies, strict=True)
        given = [{**row, "_transactioncurrencyid_value": currency} for row, currency in pairs]
    return Portals([AMOUNT, VALUE], mappings, hubspot=[{"id": "h1", "amount": "1"}], dynamics=given, object_=DEAL)


def test_mixed_currencies() -> None:
    into_hubspot = sync("amount <- estimatedvalue")
    assert count("mixed_currencies", deals(["eur", "usd", "eur", "gbp"], into_hubspot)) == 1
    assert count("mixed_currencies", deals(["eur", None, "eur", "gbp"], into_hubspot)) == 0
    assert count("mixed_currencies", deals(None, into_hubspot)) is None
    assert count("mixed_currencies", deals(None, sync())) == 0


SEEN = Field(D, CONTACT, "seen", "Seen", "DateTime", "DateAndTime", behavior="UserLocal")
DAY = Field(H, CONTACT, "day", "Day", "date", "date")


@pytest.mark.parametrize(
    ("time_zone", "shifted"),
    [("Europe/Berlin", 2), ("America/New_York", 2), ("UTC", 0), (None, None), ("Nowhere/Land", None)],
)
def test_shifted_days(time_zone: str | None, shifted: int | None) -> None:
    times = ["2026-05-01T00:00:00Z", "2026-05-01T22:30:00Z", "2026-05-01T23:00:00Z", "2026-05-01T03:30:00Z"]
    times += ["2026-05-01T00:30:00Z", "2026-05-01T12:00:00Z", "soon", "2026-05-01"]
    rows = [{"id": f"d{n}", "seen": time} for n, time in enumerate(times)]
    portals = Portals([DAY, SEEN], sync("day <-> seen"), hubspot=[{"id": "h", "day": None}], dynamics=rows)
    assert count("shifted_days", portals, time_zone=time_zone) == shifted


def test_shifted_days__asks_only_local_times_that_flow_into_a_date() -> None:
    rows = [{"id": "d1", "seen": "2026-05-01T23:00:00Z"}]
    portals = Portals([DAY, SEEN], sync("day -> seen"), hubspot=[{"id": "h", "day": None}], dynamics=rows)
    assert count("shifted_days", portals) == 0
    portals = Portals(
        [DAY, replace(SEEN, behavior="TimeZoneIndependent")],
        sync("day <-> seen"),
        hubspot=portals.hubspot,
        dynamics=rows,
    )
    assert count("shifted_days", portals) == 0


FIRST = Field(H, CONTACT, "firstname", "First", "string", "text")
CODE = Field(H, CONTACT, "code", "Code", "string", "text", unique=True)
NAME = Field(D, CONTACT, "firstname", "First", "String", "Text")
NUMBER = Field(D, CONTACT, "employeeid", "Number", "String", "Text")


def change(field: str, value: str, note: str | None = None) -> dict[str, Any]:
    ids = {"hubspot_id": "h1", "dynamics_id": "d9", "object": "contact", "target_system": "hubspot"}
    return {**ids, "target_field": field, "source_field": field, "kind": "fill", "new_value": value, "note": note}


def test_suspicious_names() -> None:
    names = ["Ann", "www.firm.example", "<b>Bo</b>", "HTTP x"]
    rows = [{"id": f"d{n}", "firstname": name} for n, name in enumerate(names, start=1)]
    portals = Portals(
        [FIRST, NAME], sync("firstname <-> firstname"), hubspot=[{"id": "h1", "firstname": ""}], dynamics=rows
    )
    written = [change("firstname", "{x}"), change("firstname", "<y>", "value_skipped")]
    assert count("suspicious_names", portals, outcomes=CREATED, changes=written) == 3
    assert count("suspicious_names", portals, outcomes=CREATED[:1]) == 0
    portals.sync = sync("firstname -> firstname")
    assert count("suspicious_names", portals, outcomes=CREATED, changes=written) == 0


def test_unique_values() -> None:
    rows = [{"id": f"d{n}", "employeeid": value} for n, value in enumerate(["1", "2", " 2 ", None], start=1)]
    held = [{"id": "h1", "code": "old"}, {"id": "h2", "code": "1"}, {"id": "h3", "code": "9"}]
    portals = Portals([CODE, NUMBER], sync("code <-> employeeid"), hubspot=held, dynamics=rows)
    assert count("unique_values", portals, outcomes=CREATED) == 3
    assert count("unique_values", portals, outcomes=CREATED, changes=[change("code", "9")]) == 4
    assert count("unique_values", portals, changes=[change("code", "5")]) == 0
    portals.fields = [replace(CODE, unique=False), NUMBER]
    assert count("unique_values", portals, outcomes=CREATED) == 0


OWNER = Field(H, CONTACT, "hubspot_owner_id", "Owner", "enumeration", "select")
OWNERID = Field(D, CONTACT, "ownerid", "Owner", "Owner", targets=("systemuser", "team"))


def test_unknown_owners() -> None:
    rows = [
        {"id": f"d{n}", "_ownerid_value": owner, "_ownerid_type": kind}
        for n, (owner, kind) in enumerate([("u1", "systemuser"), ("u2", "systemuser"), ("u1", "team")], start=1)
    ]
    portals = Portals(
        [OWNER, OWNERID],
        sync("hubspot_owner_id <- ownerid"),
        hubspot=[{"id": "h1", "hubspot_owner_id": None}],
        dynamics=rows,
        owners=[{"id": "1", "email": "ann@firm.example"}],
        users=[
            {"id": "u1", "internalemailaddress": "ann@firm.example"},
            {"id": "u2", "internalemailaddress": "bo@firm.example"},
        ],
    )
    assert count("unknown_owners_of_dynamics", portals, outcomes=CREATED) == 2
    assert count("unknown_owners_of_dynamics", portals, outcomes=CREATED[:1]) == 0
    assert count("unknown_owners_of_hubspot", portals, outcomes=CREATED) == 0
    portals.users = []
    assert count("unknown_owners_of_dynamics", portals, outcomes=CREATED) is None
    portals.sync = sync()
    assert count("unknown_owners_of_dynamics", portals, outcomes=CREATED) == 0


def test_business_required() -> None:
    required = replace(NAME, required="ApplicationRequired")
    held = [{"id": f"h{n}", "firstname": name} for n, name in enumerate(["Ann", None, " ", "Bo"])]
    portals = Portals(
        [FIRST, required], sync("firstname <-> firstname"), hubspot=held, dynamics=[{"id": "d1", "firstname": None}]
    )
    created = [{"system": "hubspot", "object": "contact", "record_id": f"h{n}", "outcome": "create"} for n in range(2)]
    assert count("business_required", portals, outcomes=created) == 1
    portals.sync = sync()
    assert count("business_required", portals, outcomes=created) == 2
    portals.assumptions = {"app_required": "fail"}
    assert count("business_required", portals, outcomes=created) == 0
