"""Lookups that name no single exported record: kept in the manifest, named in grey, listed with their records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.errors import SnapshotError
from tests.kit.conftest import ForecastOf
from tests.kit.small_portals import load_portals

GUID = "4a4e1e7f-0000-4000-8000-00000000000"
FILES = {
    "h/contacts": "Record ID,Email,Associated Company (Primary)\n1,ann@c.example,Alpha\n2,bo@c.example,Nowhere\n"
    "3,cy@c.example,\n",
    "h/companies": "Record ID,Company name\n5,Alpha\n6,Twin\n7,Twin\n",
    "d/contacts": "(Do Not Modify) Contact,Email,Company Name,Owner\n"
    f"{GUID}1,ann@c.example,Alpha,Kim Sample\n{GUID}2,bo@c.example,Elsewhere,Kim Sample\n"
    f"{GUID}3,cy@c.example,Twin,\n{GUID}4,di@c.example,,\n",
    "d/accounts": f"(Do Not Modify) Account,Account Name\n{GUID}5,Alpha\n{GUID}6,Twin\n{GUID}7,Twin\n",
}
OWNER = """[sync.contact]
[[sync.contact.mapping]]
hubspot = "hubspot_owner_id"
dynamics = "ownerid"
[sync.company]
"""


def _findings(forecast: kit.Forecast) -> list[tuple[Any, ...]]:
    rows = forecast.rows("findings", where={"check_id": "G67"})
    return sorted((row["severity"], row["count"], row["sentence"]) for row in rows)


def test_manifest__counts_the_names_of_each_lookup(tmp_path: Path) -> None:
    snapshot = load_portals(tmp_path, FILES)
    counted = snapshot.manifest["unresolved_lookups"]
    assert counted == [
        {"system": "dynamics", "object": "contact", "field": "ownerid", "unknown": 2, "ambiguous": 0},
        {"system": "dynamics", "object": "contact", "field": "parentcustomerid", "unknown": 1, "ambiguous": 1},
        {"system": "hubspot", "object": "contact", "field": "associated company", "unknown": 1, "ambiguous": 0},
    ]
    assert snapshot.rows("unresolved_lookups") == 5
    assert kit.open_snapshot(snapshot.path).manifest_sha256 == snapshot.manifest_sha256


def test_manifest__of_whole_files_says_nothing(tmp_path: Path) -> None:
    snapshot = load_portals(
        tmp_path,
        {**FILES, "d/contacts": f"contactid,emailaddress1\n{GUID}1,ann@c.example\n"}
        | {"h/contacts": "Record ID,Email,Associated Company (Primary)\n1,ann@c.example,Alpha\n"},
    )
    assert "unresolved_lookups" not in snapshot.manifest
    assert not snapshot.has_table("unresolved_lookups")


def test_manifest__with_a_count_of_nothing_is_refused(tmp_path: Path) -> None:
    snapshot = load_portals(tmp_path, FILES)
    file = snapshot.path / "manifest.json"
    file.write_text(json.dumps({**snapshot.manifest, "unresolved_lookups": [{"system": "x"}]}), encoding="utf-8")
    with pytest.raises(SnapshotError, match=r"unresolved_lookups\[0\]"):
        kit.open_snapshot(snapshot.path)


def test_finding__is_grey_and_names_the_lookups(forecast_of: ForecastOf) -> None:
    assert _findings(forecast_of(FILES, OWNER)) == [
        (
            "not_checked",
            2,
            "2 owners are named whom no exported user is called, or several are: they were compared as blank"
            " (Dynamics contact ownerid: 2).",
        ),
        (
            "not_checked",
            3,
            "3 lookups and association columns of records hold a name that no exported record has, or several have:"
            " their associations are left out of all figures"
            " (HubSpot contact: 1; Dynamics contact parentcustomerid: 2).",
        ),
    ]


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        ("[sync.contact]\n[sync.company]\n", [3]),
        ("[sync.contact]\ndirection = 'to_hubspot'\n", [2]),
        ("[sync.company]\n", []),
    ],
)
def test_finding__of_what_travels_only(forecast_of: ForecastOf, settings: str, counts: list[int]) -> None:
    assert [count for _, count, _ in _findings(forecast_of(FILES, settings))] == counts


def test_records__are_listed_without_the_names(forecast_of: ForecastOf) -> None:
    rows = kit.records_of(forecast_of(FILES, OWNER), "G67").to_dict("records")
    assert sorted((row["system"], row["object"], row["record_id"], row["detail"]) for row in rows) == [
        ("dynamics", "contact", f"{GUID}1", "ownerid names no exported record"),
        ("dynamics", "contact", f"{GUID}2", "ownerid names no exported record"),
        ("dynamics", "contact", f"{GUID}2", "parentcustomerid names no exported record"),
        ("dynamics", "contact", f"{GUID}3", "parentcustomerid names several records"),
        ("hubspot", "contact", "2", "associated company names no exported record"),
    ]


def test_near_names__are_named_and_not_taken(forecast_of: ForecastOf) -> None:
    """Case, inner blanks and accents; of the last one only the beginning is alike."""
    files = {
        "h/contacts": "Record ID,Email,Associated Company (Primary)\n1,ann@c.example,CAFE  alpha\n",
        "h/companies": "Record ID,Company name\n5,Caf\u00e9 Alpha\n",
        "d/contacts": "(Do Not Modify) Contact,Email,Company Name\n"
        f"{GUID}1,ann@c.example,caf\u00e9 alpha\n{GUID}2,bo@c.example,Cafe Alpha\n{GUID}3,cy@c.example,Cafe\n",
        "d/accounts": f"(Do Not Modify) Account,Account Name\n{GUID}5,Caf\u00e9 Alpha\n",
    }
    forecast = forecast_of(files, "[sync.contact]\n[sync.company]\n")
    rows = kit.records_of(forecast, "G67").to_dict("records")
    near = "names no exported record, and one of nearly this name exists"
    assert sorted((row["record_id"], row["detail"]) for row in rows) == [
        ("1", f"associated company {near}"),
        (f"{GUID}1", f"parentcustomerid {near}"),
        (f"{GUID}2", f"parentcustomerid {near}"),
        (f"{GUID}3", "parentcustomerid names no exported record"),
    ]
    (chain,) = (chain for chain in kit.explain(forecast, f"{GUID}1") if chain.system == "dynamics")
    assert [step.says for step in chain.steps if "holds a name" in step.says] == [
        "Its parentcustomerid holds a name that no exported record has, though one has it but for case, blanks or "
        "accents: it counts as blank, and nobody knows whom it means."
    ]


def test_explain__says_what_nobody_knows(forecast_of: ForecastOf) -> None:
    (chain,) = (chain for chain in kit.explain(forecast_of(FILES, OWNER), f"{GUID}3") if chain.system == "dynamics")
    assert [step.says for step in chain.steps if "holds a name" in step.says] == [
        "Its parentcustomerid holds a name that several exported records have: it counts as blank, and nobody knows"
        " whom it means."
    ]


def test_report__shows_it_in_grey(forecast_of: ForecastOf) -> None:
    light = kit.traffic_light(forecast_of(FILES, OWNER))
    assert any("are left out of all figures" in ground.sentence for ground in light.of_tone("grey"))


DEALS = {
    "d/opportunities": "(Do Not Modify) Opportunity,Topic,Account,Potential Customer\n"
    f"{GUID}1,One,Alpha,Nobody\n{GUID}2,Two,,Nobody\n",
    "d/accounts": f"(Do Not Modify) Account,Account Name\n{GUID}5,Alpha\n",
}


def test_finding__of_a_customer_only_where_it_stands_in(forecast_of: ForecastOf) -> None:
    """The first opportunity has its account; only the second one's association hangs on its customer."""
    forecast = forecast_of(DEALS, "[sync.deal]\n")
    assert [count for _, count, _ in _findings(forecast)] == [1]
    assert list(kit.records_of(forecast, "G67")["record_id"]) == [f"{GUID}2"]
