"""Profiles: what fields hold and how far mapped ones agree, counted by hand on two small portals."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.engine import open_engine_for
from dynsync_lib.errors import UsageError
from dynsync_lib.forecasts import opened_forecast
from dynsync_lib.forecasts.field_profiles import FieldProfiles
from tests.kit.small_portals import forecast_portals, load_portals

FILES = {
    "h/contacts": "hs_object_id,email,jobtitle,phone\n"
    "1,ann@c.example,Clerk,123456789\n2,bob@c.example, ,\n3,cal@c.example,Clerk,1\n4,dee@c.example,Head,\n",
    "d/contacts": "contactid,emailaddress1,jobtitle,statecode\n"
    "d1,ann@c.example,clerk,0\nd2,bob@c.example,Chef,0\nd3,cal@c.example,Clerk,1\n",
    "h/companies": "hs_object_id,name\n7,Adler\n8,Adler\n",
}
SETTINGS = "[sync.contact]\nfilter_to_hubspot = 'statecode = 0'\n[sync.company]\n"


@pytest.fixture(scope="module")
def forecast(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    return forecast_portals(tmp_path_factory.mktemp("profiles"), FILES, SETTINGS)


@pytest.fixture(scope="module")
def profiles(forecast: kit.Forecast) -> FieldProfiles:
    return kit.profile_fields(forecast)


def _field(profiles: FieldProfiles, object_: str, system: str, name: str) -> dict[str, object]:
    return next(row for row in profiles.of(object_, system) if row["field"] == name)


def test_profile_fields__counts_filled_and_different_values(profiles: FieldProfiles) -> None:
    row = _field(profiles, "contact", "hubspot", "jobtitle")
    assert {name: row[name] for name in ("records", "filled", "distinct", "longest", "frequent", "is_mapped")} == {
        "records": 4,
        "filled": 3,
        "distinct": 2,
        "longest": 5,
        "frequent": ((None, 2), (None, 1)),
        "is_mapped": True,
    }


def test_profile_table__hidden_values_are_counted(profiles: FieldProfiles) -> None:
    html = kit.profile_table(profiles.of("contact", "hubspot")).html
    assert ">hidden, in 2 and 1 records</td>" in html
    assert "Clerk" not in html


def test_profile_fields__options_of_people_are_shown_by_label(profiles: FieldProfiles) -> None:
    assert _field(profiles, "contact", "dynamics", "statecode")["frequent"] == (("Active", 2), ("Inactive", 1))


def test_profile_fields__values_of_companies_are_shown(profiles: FieldProfiles) -> None:
    assert _field(profiles, "company", "hubspot", "name")["frequent"] == (("Adler", 2),)


def test_profile_fields__each_value_once_has_no_frequent_one(profiles: FieldProfiles) -> None:
    row = _field(profiles, "contact", "hubspot", "phone")
    assert (row["filled"], row["distinct"], row["longest"], row["frequent"]) == (2, 2, 9, ())


def test_profile_fields__what_was_not_delivered_is_not_empty(profiles: FieldProfiles) -> None:
    row = _field(profiles, "contact", "dynamics", "firstname")
    assert [row[name] for name in ("records", "filled", "distinct", "longest")] == [None] * 4
    said = kit.fill_rates(profiles.of("contact", "dynamics")).sentence
    left = len(profiles.of("contact", "dynamics")) - 4
    assert said == (
        f"Of 4 fields 4 are filled in all 3 records, 0 in none. {left} more were not delivered, so not counted."
    )
    assert kit.profile_table(profiles.of("contact", "dynamics")).html.count("Not delivered") == left


def test_profile_fields__agreement_of_the_pairs(profiles: FieldProfiles) -> None:
    rows = {row["hubspot_field"]: row for row in profiles.agreement_of("contact")}
    assert rows["jobtitle"] == {
        "object": "contact",
        "hubspot_field": "jobtitle",
        "dynamics_field": "jobtitle",
        "pairs": 3,
        "equal": 1,
        "different": 1,
        "only_hubspot": 0,
        "only_dynamics": 1,
        "neither": 0,
    }
    assert {rows["phone"][name] for name in ("pairs", "equal", "neither")} == {None}


def test_profile_fields__people_in_the_open_when_asked(forecast: kit.Forecast) -> None:
    shown = kit.profile_fields(forecast, masked=False)
    assert _field(shown, "contact", "hubspot", "jobtitle")["frequent"] == (("Clerk", 2), ("Head", 1))


def test_profile_fields__numbers_alone_are_rounded_up_to_fives(forecast: kit.Forecast) -> None:
    shown = kit.profile_fields(forecast, masking="counts")
    row = _field(shown, "contact", "dynamics", "statecode")
    assert [row[name] for name in ("records", "filled", "distinct", "longest")] == [5, 5, 5, None]
    assert row["frequent"] == ((None, 5), (None, 5))
    assert _field(shown, "company", "hubspot", "name")["filled"] == 2
    pairs = next(row for row in shown.agreement_of("contact") if row["hubspot_field"] == "jobtitle")
    assert [pairs[name] for name in ("pairs", "equal", "different", "only_hubspot")] == [5, 5, 5, 0]


def test_profile_fields__partly_masked(forecast: kit.Forecast) -> None:
    shown = kit.profile_fields(forecast, masking="partial")
    assert _field(shown, "contact", "hubspot", "jobtitle")["frequent"] == ((None, 2), (None, 1))


def test_profile_fields__the_same_on_duckdb(
    forecast: kit.Forecast, profiles: FieldProfiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened_forecast, "open_engine_for", partial(open_engine_for, name="duckdb"))
    assert kit.profile_fields(forecast) == profiles


def test_profile_fields__of_another_snapshot(forecast: kit.Forecast, tmp_path: Path) -> None:
    other = load_portals(tmp_path, {**FILES, "h/contacts": "hs_object_id\n1\n"})
    with pytest.raises(UsageError, match="is not the snapshot that"):
        kit.profile_fields(forecast, snapshot=other.path)


def test_agreement_bars__say_what_was_compared(profiles: FieldProfiles) -> None:
    said = kit.agreement_bars(profiles.agreement_of("contact")).sentence
    left = len(profiles.agreement_of("contact")) - 2
    assert said == (
        f"In 3 matched pairs 1 of 2 mappings holds different values somewhere. {left} more were not compared."
    )
    assert "no record is matched" in kit.agreement_bars(profiles.agreement_of("company")).html
    assert "no record is matched" in kit.agreement_bars([]).html


def test_profiles__an_object_that_is_off_is_a_sentence(profiles: FieldProfiles) -> None:
    assert profiles.of("deal", "hubspot") == []
    assert "nothing was counted" in kit.fill_rates([]).html
    assert "is not synced" in kit.profile_table([]).html


def test_profiles__what_is_no_kind_of_record_is_refused(profiles: FieldProfiles) -> None:
    with pytest.raises(UsageError, match=r"`contcat` is no object\. Did you mean `contact`"):
        profiles.agreement_of("contcat")
    with pytest.raises(UsageError, match="`salesforce` is no system") as refusal:
        profiles.of("contact", "salesforce")
    assert refusal.value.next_step == "Use one of: hubspot, dynamics."


def test_records_table__links_what_can_be_opened(forecast: kit.Forecast) -> None:
    html = kit.records_table(forecast, "overwrites").html
    assert "<code>1</code>" in html
    assert "No links into HubSpot" in html


def test_fill_rates__thirty_bars_of_long_names_at_a_million() -> None:
    name = "a_rather_long_name_of_a_field_of_the_customer_number"
    row = {"object": "contact", "system": "hubspot", "label": None, "type": "string", "kind": "text",
           "distinct": 1, "longest": 1, "frequent": (), "is_mapped": False}  # fmt: skip
    fields = [{**row, "field": f"{name}_{n}", "records": 1_234_567, "filled": n and 1_234_567 // n} for n in range(32)]
    piece = kit.fill_rates(fields)
    assert piece.sentence == ("Of 32 fields 1 is filled in all 1,234,567 records, 1 in none. The fullest 30 are drawn.")
    assert ">1,234,567 · 100\N{NO-BREAK SPACE}%</text>" in piece.html
