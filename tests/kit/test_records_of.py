"""The records behind the numbers of a forecast: as many as counted, with ids, links and details, on the demo world."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from dynsync_lib import kit
from dynsync_lib.cli.commands import app
from dynsync_lib.errors import DynsyncError, SnapshotError, UsageError
from tests.kit.small_portals import load_portals

COLUMNS = ["check_id", "system", "object", "record_id", "counterpart_id", "url", "detail"]


@pytest.fixture
def forecast(demo_forecast: kit.Forecast) -> kit.Forecast:
    return demo_forecast


@pytest.fixture(scope="module")
def behind(demo_forecast: kit.Forecast) -> dict[str, pd.DataFrame]:
    """The records behind every finding, by the id of its audit rule."""
    ids = dict.fromkeys(row["check_id"] for row in demo_forecast.rows("findings"))
    return {check_id: kit.records_of(demo_forecast, check_id) for check_id in ids}


def test_records_of__as_many_as_each_finding_counts(forecast: kit.Forecast, behind: Mapping[str, pd.DataFrame]) -> None:
    counted: dict[str, int] = {}
    for row in forecast.rows("findings"):
        counted[row["check_id"]] = counted.get(row["check_id"], 0) + (row["count"] or 0)
    assert {check_id: len(frame) for check_id, frame in behind.items()} == counted
    assert all(list(frame.columns) == COLUMNS for frame in behind.values())
    known = {(row["system"], row["object"], row["record_id"]) for row in forecast.rows("outcomes")}
    for frame in behind.values():
        rows = [row for row in kit.records(frame) if row["record_id"] is not None]
        assert all((row["system"], row["object"], row["record_id"]) in known and row["url"] for row in rows)


def test_records_of__one_row_of_findings_is_that_finding_alone(forecast: kit.Forecast) -> None:
    findings = forecast.findings
    for _, row in findings[findings["check_id"] == "G12"].iterrows():
        assert len(kit.records_of(forecast, row)) == row["count"]


def test_records_of__consent_names_both_records_and_who_opted_out(forecast: kit.Forecast) -> None:
    first = kit.records(kit.records_of(forecast, "G42"))[0]
    assert first == {
        "check_id": "G42",
        "system": "dynamics",
        "object": "contact",
        "record_id": "00a5386d-5b31-48da-b334-00000000021b",
        "counterpart_id": "1346",
        "url": "https://contoso.crm4.dynamics.com/main.aspx"
        "?etn=contact&pagetype=entityrecord&id=00a5386d-5b31-48da-b334-00000000021b",
        "detail": "opted out in Dynamics only",
    }


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("collisions", 159),
        ("near_names", 26),
        ("lost_associations", 524),
        ("overwrites", 527),
        ("manual_invoices", 105),
    ],
)
def test_records_of__lists_beside_findings(forecast: kit.Forecast, name: str, rows: int) -> None:
    frame = kit.records_of(forecast, name)
    assert (len(frame), set(frame["check_id"])) == (rows, {name})


def test_records_of__detail_holds_no_address_and_no_name_of_a_person(
    forecast: kit.Forecast, behind: Mapping[str, pd.DataFrame]
) -> None:
    names = ("collisions", "near_names", "lost_associations", "overwrites", "manual_invoices")
    lists = [*behind.values(), *(kit.records_of(forecast, name) for name in names)]
    details = {str(detail) for frame in lists for detail in frame["detail"] if detail is not None}
    keys = {row["match_key"] for row in forecast.rows("outcomes") if row["match_key"] is not None}
    assert not [detail for detail in details if "@" in detail]
    assert not details & keys


@pytest.mark.parametrize(
    ("finding", "sentence"),
    [
        ("G99", "`G99` is no audit rule."),
        ("overwrite", "`overwrite` is no audit rule. Did you mean `overwrites`?"),
        ("G32", "G32 is not asked of a forecast. Nobody's plans are in the data"),
        ("G07", "G07 is about pairs of an earlier run, and "),
        ("G14", "G14 found nothing in "),
        ("", "`` is no audit rule."),
    ],
)
def test_records_of__no_such_finding(forecast: kit.Forecast, finding: str, sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        kit.records_of(forecast, finding)
    assert str(raised.value).startswith(sentence)


def test_records_of__takes_forecast_and_finding_in_either_order(forecast: kit.Forecast) -> None:
    wanted = kit.records_of(forecast, "G01")
    folder, row = forecast.folder, forecast.head("findings", check_id="G01").iloc[0]
    for asked in ((str(folder), "G01"), ("G01", forecast), ("G01", folder), ("G01", str(folder))):
        assert kit.records_of(*asked).equals(wanted)
    assert len(kit.records_of(row, forecast)) == row["count"] < len(wanted)


def test_records_of__a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="nowhere"):
        kit.records_of(str(tmp_path / "nowhere"), "G01")


def test_records_of__row_of_another_forecast(forecast: kit.Forecast) -> None:
    row = {**forecast.rows("findings")[0], "sentence": "5 things."}
    with pytest.raises(UsageError, match="That row is no finding of "):
        kit.records_of(forecast, row)


def _copied(forecast: kit.Forecast, folder: Path) -> kit.Forecast:
    """The forecast at a place from which its snapshot is not seen."""
    shutil.copytree(forecast.folder, folder / "elsewhere" / "forecast")
    return kit.open_forecast(folder / "elsewhere" / "forecast")


def test_records_of__snapshot_that_moved_is_asked_for(forecast: kit.Forecast, tmp_path: Path) -> None:
    moved = _copied(forecast, tmp_path)
    assert len(kit.records_of(moved, "G01")) == 55  # the forecast's tables alone say it
    with pytest.raises(UsageError) as raised:
        kit.records_of(moved, "G42")
    gone = moved.folder.parent / "snapshot"
    says = f"{moved.folder} was made of the snapshot {gone}, which is needed here and is not there."
    assert str(raised.value) == says
    assert len(kit.records_of(moved, "G42", snapshot=forecast.folder.parent / "snapshot")) == 154


def test_records_of__another_snapshot_is_refused(forecast: kit.Forecast, tmp_path: Path) -> None:
    other = load_portals(tmp_path, {"h/contacts": "hs_object_id,email\n1,a@x.example\n", "d/contacts": "contactid\n"})
    for finding in ("G42", "G01"):
        with pytest.raises(UsageError, match=r"is not the snapshot that .* was made of"):
            kit.records_of(forecast, finding, snapshot=other.path)


def _without(forecast: kit.Forecast, folder: Path, *names: str) -> kit.Forecast:
    """The forecast as a version of the kit wrote it that knew less."""
    copied = _copied(forecast, folder)
    file = copied.folder / "forecast.json"
    info = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({name: value for name, value in info.items() if name not in names}), encoding="utf-8")
    return kit.open_forecast(copied.folder)


def test_records_of__forecast_of_an_earlier_version(forecast: kit.Forecast, tmp_path: Path) -> None:
    earlier = _without(forecast, tmp_path, "settings", "portals", "bindings", "beside")
    assert set(kit.records_of(earlier, "G01")["url"]) == {""}
    with pytest.raises(UsageError, match="does not hold the settings it was made under"):
        kit.records_of(earlier, "G42", snapshot=forecast.folder.parent / "snapshot")


_SMALL = {
    "h/contacts": "hs_object_id,email,hs_email_optout\n1,a@x.example,true\n2,b@x.example,false\n",
    "d/contacts": "contactid,emailaddress1,donotbulkemail,statecode\n"
    "c-1,a@x.example,false,0\nc-2,b@x.example,false,0\n",
}
_BINDINGS = "object,hubspot_id,dynamics_id\ncontact,1,c-1\ncontact,2,c-9\n"


def test_records_of__pairs_of_an_earlier_run_that_are_gone(tmp_path: Path) -> None:
    """G48 counts a pair of the bindings' file: with the file its row is there, without it there is no wrong list."""
    snapshot = load_portals(tmp_path, _SMALL)
    settings, bindings = tmp_path / "dynsync.toml", tmp_path / "bindings.csv"
    settings.write_text("[sync.contact]\n", encoding="utf-8")
    bindings.write_text(_BINDINGS, encoding="utf-8")
    small = kit.forecast(snapshot, settings, tmp_path / "forecast", bindings=bindings)
    rows = kit.records_of(small, "G48")[["object", "record_id", "counterpart_id"]].values.tolist()
    assert rows == [["contact", "c-9", "2"]]
    bindings.unlink()
    sentence = (
        r"^.*forecast was made with pairs of an earlier run \(.*bindings\.csv\), not there any more or changed\.$"
    )
    for asked in (lambda: kit.records_of(small, "G48"), lambda: kit.fix_set(small)):
        with pytest.raises(UsageError, match=sentence):
            asked()


def _run(arguments: Sequence[str]) -> tuple[int, str]:
    try:
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    except DynsyncError as error:
        return 2, str(error)
    return result.exit_code, result.stdout


def test_audit_records__json_and_csv(forecast: kit.Forecast, tmp_path: Path) -> None:
    audit = ["audit", "--forecast", str(forecast.folder), "--records", "G20"]
    code, printed = _run([*audit, "--json"])
    answer = json.loads(printed)
    assert (code, answer["count"], list(answer["records"][0])) == (0, 1, COLUMNS)
    assert answer["findings"][0]["sentence"] == "1 mapping names a lookup, which cannot sync."
    file = tmp_path / "g20.csv"
    assert _run([*audit, "--csv", str(file)])[0] == 0
    assert file.read_text(encoding="utf-8").splitlines() == [
        "check_id,system,object,record_id,counterpart_id,url,detail",
        '"G20","","contact","","","","company and parentcustomerid: blocked"',
    ]
    assert file.stat().st_mode & 0o777 == 0o600
    assert _run([*audit, "--csv", str(file)])[0] == 0  # an earlier list is replaced
    file.write_text("mine", encoding="utf-8")
    assert _run([*audit, "--csv", str(file)]) == (2, f"{file} exists already and is not a list of records.")


def test_audit_records__screen_says_what_the_rows_are(forecast: kit.Forecast) -> None:
    code, printed = _run(["audit", "--forecast", str(forecast.folder), "--records", "G42"])
    assert code == 0
    assert printed.startswith("154 matched contacts and leads have an opt-out on one side only.")
    assert "... and 54 more. --csv FILE writes all of them" in printed


def test_audit_records__unchecked_finding_says_so(forecast: kit.Forecast) -> None:
    code, printed = _run(["audit", "--forecast", str(forecast.folder), "--records", "G50"])
    assert (code, "Whether the user who pulled sees all rows of Dynamics is not known." in printed) == (0, True)


def test_audit__csv_without_records(forecast: kit.Forecast, tmp_path: Path) -> None:
    code, said = _run(["audit", "--forecast", str(forecast.folder), "--csv", str(tmp_path / "x.csv")])
    assert (code, said) == (2, "--csv and --snapshot belong to --records.")
