"""`forecast --bindings`: going on from an earlier run, and what is said of a file that is none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from dynsync_lib import kit
from dynsync_lib.cli.commands import app
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.errors import UsageError
from dynsync_lib.forecasts.earlier_bindings import read_bindings
from dynsync_lib.snapshot.snapshot import Snapshot

HUBSPOT = {"contacts": "hs_object_id,email,firstname\n1,a@example.com,Al\n2,b@example.com,Bo\n3,z@example.com,Zoe\n"}
DYNAMICS = {
    "contacts": "contactid,emailaddress1,firstname,statecode\nD1,a@example.com,Al,0\nD2,new@example.com,Bo,1\n",
    "leads": "leadid,emailaddress1\nL1,z@example.com\n",
}
SETTINGS = """
[sync.contact]
filter_to_hubspot = "statecode = 0"
filter_to_dynamics = "email = 'nobody'"
default_mappings = false
[sync.lead]
default_mappings = false
filter_to_dynamics = "email = 'nobody'"
"""


def load(folder: Path, hubspot: dict[str, str], dynamics: dict[str, str]) -> Snapshot:
    for side, files in (("h", hubspot), ("d", dynamics)):
        (folder / side).mkdir(parents=True)
        for name, text in files.items():
            (folder / side / f"{name}.csv").write_text(text, encoding="utf-8")
    return kit.load(folder / "h", folder / "d", folder / "s", taken_at=datetime(2026, 11, 23, tzinfo=UTC))


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return load(tmp_path_factory.mktemp("bindings"), HUBSPOT, DYNAMICS)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "dynsync.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    return file


def told(forecast: kit.Forecast) -> dict[str, tuple[str, str, str | None]]:
    rows = kit.records(forecast.outcomes)
    return {row["record_id"]: (row["outcome"], row["rule_id"], row["counterpart_id"]) for row in rows}


def test_forecast__a_pair_of_a_file_stays_bound_whatever_its_address_and_filter(
    snapshot: Snapshot, settings: Path, tmp_path: Path
) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(
        "object,hubspot_id,dynamics_id\ncontact,2,{D2}\ncontact,,D1\ncontact,77,D1\nlead,3,L1\n", encoding="utf-8"
    )
    forecast = kit.forecast(snapshot, settings, tmp_path / "f", bindings=file)
    after = told(forecast)
    assert after["2"] == ("link", "record.bindings", "d2")
    assert after["d2"] == ("link", "record.bindings", "2")
    assert after["3"] == ("link", "record.bindings", "l1")
    assert after["d1"] == ("link", "contact.match-email", "1")
    assert forecast.info["bindings"]["one_sided"] == 1
    assert kit.six_figures(forecast).not_checked == (
        "Not checked: of the pairs of the earlier run 1 row has an id on one side only, which binds nothing.",
    )
    found = {row["check_id"]: row["sentence"] for row in kit.records(forecast.findings)}
    assert "G51" not in found
    # 2 and d2 fail their filters both; contact 77 is no longer there, d1 is
    assert found["G31"] == (
        "1 pair of the earlier run would not be let in any more, by filter or stage, and syncs on all the same."
    )
    assert found["G48"] == "1 pair of the earlier run has lost one record; the other one stays, and is matched anew."


def test_diff_and_replay__say_how_many_rows_are_no_pairs(snapshot: Snapshot, settings: Path, tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("object,hubspot_id,dynamics_id\ncontact,2,D2\ncontact,,D1\nlead,3,\n", encoding="utf-8")
    says = ["Not checked: of the pairs of the earlier run 2 rows have an id on one side only, which binds nothing."]
    compared = kit.diff_settings(settings, settings, snapshot=snapshot, bindings=file)
    assert list(compared.notes)[-1:] == says
    later = load(tmp_path / "later", HUBSPOT, {"contacts": DYNAMICS["contacts"]})
    replayed = kit.replay(snapshot, later, settings, tmp_path / "replay", bindings=file)
    assert replayed.info["notes"] == says


DRIFTED = (
    "hs_object_id,email,hs_additional_emails\n1,new@example.com,\n2,b@example.com,\n3,c@example.com,old@example.com\n"
    "4,,\n5,e@example.com,\n"
)


def test_forecast__bound_pairs_whose_keys_are_no_longer_one_are_named(tmp_path: Path) -> None:
    addresses = ("a@example.com", "B@example.com", "old@example.com", "d@example.com", "e@example.com")
    dynamics = "contactid,emailaddress1\n" + "".join(f"D{n},{text}\n" for n, text in enumerate(addresses, 1))
    load(tmp_path, {"contacts": DRIFTED}, {"contacts": dynamics})
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    pairs = "object,hubspot_id,dynamics_id\n" + "".join(f"contact,{number},D{number}\n" for number in range(1, 5))
    (tmp_path / "pairs.csv").write_text(pairs, encoding="utf-8")
    settings, bindings = tmp_path / "dynsync.toml", tmp_path / "pairs.csv"
    forecast = kit.forecast(tmp_path / "s", settings, tmp_path / "f", bindings=bindings)
    rows = forecast.rows("findings", where={"check_id": "G07"})
    assert sorted((row["severity"], row["count"], row["sentence"]) for row in rows) == [
        (
            "medium",
            1,
            "1 pair of the earlier run no longer shares its key, such as the e-mail address; it stays a pair and syncs"
            " on.",
        ),
        (
            "not_checked",
            1,
            "1 pair of the earlier run has a record whose key was deleted: the forecast lets it sync on, an older page"
            " says that its updates stop.",
        ),
    ]
    listed = kit.records_of(forecast, "G07").to_dict("records")
    assert sorted((row["record_id"], row["counterpart_id"], row["detail"]) for row in listed) == [
        ("d1", "1", "the keys differ"),
        ("d4", "4", "no key in HubSpot any more"),
    ]


def test_forecast__continuous_filters_fence_a_bound_pair_out(
    snapshot: Snapshot, settings: Path, tmp_path: Path
) -> None:
    file = tmp_path / "pairs.parquet"
    pd.DataFrame({"object": ["contact"], "hubspot_id": ["2"], "dynamics_id": ["D2"]}).to_parquet(file)
    fence = {"filter_semantics": "continuous"}
    forecast = kit.forecast(snapshot, settings, tmp_path / "f", bindings=file, assumptions=fence)
    fenced = told(forecast)
    assert "G31" not in set(forecast.findings["check_id"])
    assert fenced["2"] == ("excluded", "record.fence", "d2")
    assert fenced["d2"] == ("excluded", "record.fence", "2")


def test_forecast__the_pairs_of_an_earlier_forecast_are_bindings(
    snapshot: Snapshot, settings: Path, tmp_path: Path
) -> None:
    first = kit.forecast(snapshot, settings, tmp_path / "first")
    assert (told(first)["2"][0], told(first)["d2"][0]) == ("excluded", "excluded")
    moved = {**HUBSPOT, "contacts": HUBSPOT["contacts"].replace("a@example.com", "other@example.com")}
    later = load(tmp_path / "later", moved, DYNAMICS)
    after = told(kit.forecast(later, settings, tmp_path / "with", bindings=first.folder))
    assert after["d1"] == ("link", "record.bindings", "1")
    assert after["l1"] == ("link", "record.bindings", "3")


def test_forecast__bindings_of_records_nobody_knows_are_counted(
    snapshot: Snapshot, settings: Path, tmp_path: Path
) -> None:
    file = tmp_path / "pairs.csv"
    lines = ["object,hubspot_id,dynamics_id", "contact,2,D2", "contact,77,D77", "contact,78,D78", "contact,79,D1"]
    file.write_text("\n".join(lines), encoding="utf-8")
    forecast = kit.forecast(snapshot, settings, tmp_path / "f", bindings=file)
    assert told(forecast)["2"][1] == "record.bindings"
    lost, unknown = (row["sentence"] for row in kit.records(forecast.findings) if row["check_id"] == "G48")
    assert lost == "1 pair of the earlier run has lost one record; the other one stays, and is matched anew."
    assert unknown == "2 pairs of the earlier run name records that the snapshot holds on neither side."
    listed = kit.records_of(forecast, "G48").to_dict("records")
    assert sorted((row["record_id"], row["detail"]) for row in listed) == [
        ("d1", "its HubSpot record is gone"),
        ("d77", "neither record is there"),
        ("d78", "neither record is there"),
    ]


def test_forecast__of_two_pairs_of_one_record_the_second_is_named(
    snapshot: Snapshot, settings: Path, tmp_path: Path
) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("object,hubspot_id,dynamics_id\ncontact,2,D1\ncontact,2,D2\ncontact,2,D1\n", encoding="utf-8")
    forecast = kit.forecast(snapshot, settings, tmp_path / "f", bindings=file)
    assert told(forecast)["2"][2] == "d1"
    assert [row["sentence"] for row in forecast.rows("findings", where={"check_id": "G48"})] == [
        "1 pair of the earlier run binds a record that another pair binds, too: of the pairs of one record only the "
        "first counts, and this one is passed over."
    ]
    listed = kit.records_of(forecast, "G48").to_dict("records")
    assert [(row["record_id"], row["counterpart_id"]) for row in listed] == [("d2", "2")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_read_bindings__of_files_as_spreadsheets_save_them(tmp_path: Path, *, delimiter: str) -> None:
    file = tmp_path / "pairs.csv"
    lines = ["object,hubspot_id,dynamics_id", "contact, 2 ,{D2}", "lead,3,"]
    file.write_text("\ufeff" + "\n".join(lines).replace(",", delimiter), encoding="utf-8")
    with PolarsEngine() as engine:
        rows = engine.rows(read_bindings(engine, file, tmp_path / "work").pairs)
    assert rows == [{"object": "contact", "hubspot_id": "2", "dynamics_id": "d2"}]


FENCE_SETTINGS = """
[sync.contact]
direction = "to_hubspot"
filter_to_hubspot = "statecode = 0"
default_mappings = false
"""


def test_forecast__a_fenced_pair_of_an_earlier_forecast_stays_a_pair(tmp_path: Path) -> None:
    settings, file = tmp_path / "dynsync.toml", tmp_path / "pairs.csv"
    settings.write_text(FENCE_SETTINGS, encoding="utf-8")
    file.write_text("object,hubspot_id,dynamics_id\ncontact,1,d1\n", encoding="utf-8")
    hubspot = {"contacts": "hs_object_id,email\n1,a@example.com\n"}
    columns = "contactid,emailaddress1,statecode\n"
    before = load(tmp_path / "before", hubspot, {"contacts": f"{columns}d1,a@example.com,1\n"})
    fence = {"filter_semantics": "continuous"}
    first = kit.forecast(before, settings, tmp_path / "first", bindings=file, assumptions=fence)
    assert told(first)["1"] == ("excluded", "record.fence", "d1")

    # d2 is new and has the address of the fenced pair, which still holds it
    rival = {"contacts": f"{columns}d1,a@example.com,1\nd2,a@example.com,0\n"}
    later = load(tmp_path / "later", hubspot, rival)
    second = kit.forecast(later, settings, tmp_path / "second", bindings=first.folder, assumptions=fence)
    assert told(second) == {
        "1": ("excluded", "record.fence", "d1"),
        "d1": ("excluded", "record.fence", "1"),
        "d2": ("shadowed", "contact.first-per-email", None),
    }
    # its address has changed meanwhile, and the filters are an entrance again
    moved = load(tmp_path / "moved", hubspot, {"contacts": f"{columns}d1,new@example.com,1\n"})
    third = kit.forecast(moved, settings, tmp_path / "third", bindings=first.folder)
    assert told(third) == {"1": ("link", "record.bindings", "d1"), "d1": ("link", "record.bindings", "1")}


FAILING_SETTINGS = """
[sync.contact]
default_mappings = false
match_mode = "own_field"
match_field = { hubspot = "zip", dynamics = "address1_postalcode" }
[[sync.contact.mapping]]
hubspot = "email"
dynamics = "emailaddress1"
direction = "to_hubspot"
[[sync.contact.mapping]]
hubspot = "jobtitle"
dynamics = "jobtitle"
direction = "to_dynamics"
"""


def test_forecast__a_pair_whose_records_both_fail_stays_a_pair(tmp_path: Path) -> None:
    settings = tmp_path / "dynsync.toml"
    settings.write_text(FAILING_SETTINGS, encoding="utf-8")
    hubspot, dynamics = "hs_object_id,email,jobtitle,zip\n", "contactid,emailaddress1,jobtitle,address1_postalcode\n"
    too_long = "x" * 101
    before = load(
        tmp_path / "before",
        {"contacts": f"{hubspot}1,a@example.com,{too_long},K1\n"},
        {"contacts": f"{dynamics}d1,no address,,K1\n"},
    )
    first = kit.forecast(before, settings, tmp_path / "first")
    assert told(first) == {
        "1": ("failing", "field.too-long", "d1"),
        "d1": ("failing", "contact.invalid-email", "1"),
    }
    later = load(
        tmp_path / "later",
        {"contacts": f"{hubspot}1,a@example.com,Buyer,K1\n"},
        {"contacts": f"{dynamics}d1,b@example.com,,K2\n"},
    )
    second = kit.forecast(later, settings, tmp_path / "second", bindings=first.folder)
    assert told(second) == {
        "1": ("update", "record.bindings", "d1"),
        "d1": ("update", "record.bindings", "1"),
    }


def test_forecast__who_holds_the_address_of_a_failing_record_is_not_bound_to_it(tmp_path: Path) -> None:
    settings = tmp_path / "dynsync.toml"
    settings.write_text('[sync.contact]\nmatch_mode = "none"\ndefault_mappings = false\n', encoding="utf-8")
    before = load(
        tmp_path / "before",
        {"contacts": "hs_object_id,email\n1,a@example.com\n"},
        {"contacts": "contactid,emailaddress1\nd1,a@example.com\n"},
    )
    first = kit.forecast(before, settings, tmp_path / "first")
    assert told(first)["d1"] == ("failing", "contact.email-conflict", "1")
    second = kit.forecast(before, settings, tmp_path / "second", bindings=first.folder)
    assert told(second) == told(first)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("none.csv", None, "none.csv is neither a forecast nor a file of bindings."),
        ("x.parquet", "no parquet", "x.parquet is neither a forecast nor a file of bindings."),
        ("x.csv", "object,hubspot_id\ncontact,1\n", "x.csv has no column dynamics_id."),
        (
            "x.csv",
            "object,hubspot_id,dynamics_id\ncontct,1,D1\n",
            "x.csv binds the object 'contct'; known are company,",
        ),
    ],
)
def test_forecast__says_what_is_wrong_with_bindings(
    snapshot: Snapshot, settings: Path, tmp_path: Path, *, name: str, text: str | None, sentence: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        kit.forecast(snapshot, settings, tmp_path / "f", bindings=tmp_path / name)
    assert sentence in str(caught.value)
    assert caught.value.exit_code == 2
    assert not (tmp_path / "f").exists()


def test_command__forecast_takes_bindings_and_further_environments(
    snapshot: Snapshot, settings: Path, tmp_path: Path
) -> None:
    file, out = tmp_path / "pairs.csv", tmp_path / "f"
    file.write_text("object,hubspot_id,dynamics_id\ncontact,2,D2\n", encoding="utf-8")
    # X3 has the address of 3 and L1, and is no more let in there than here
    other = {
        "contacts": "contactid,emailaddress1,statecode\nX1,a@example.com,0\nX2,q@example.com,0\nX3,z@example.com,1\n"
    }
    beside = load(tmp_path / "beside", HUBSPOT, other)
    arguments = ["forecast", str(snapshot.path), "--settings", str(settings), "--out", str(out), "--json"]
    result = CliRunner().invoke(app, [*arguments, "--bindings", str(file), "--beside", str(beside.path)])
    assert result.exit_code == 0
    assert told(kit.open_forecast(out))["2"][1] == "record.bindings"
    found = {row["check_id"]: row for row in kit.records(kit.open_forecast(out).findings)}["G51"]
    assert (found["severity"], found["count"], found["sentence"]) == (
        "high",
        1,
        "1 contact or account that syncs here has a namesake in another Dynamics environment that may sync, too.",
    )
