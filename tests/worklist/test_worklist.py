"""A worklist says what there is to do, row by row, and is read back whatever people did with it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner

from dynsync_lib import kit
from dynsync_lib.cli.commands import app
from dynsync_lib.core.masking import NO_MASK, Mask, Masking
from dynsync_lib.errors import InputFileError, UsageError, WorklistError
from dynsync_lib.kit.forecasts import find_records_of
from dynsync_lib.record_urls import urls_of_portals
from dynsync_lib.workbooks.new import Limits
from dynsync_lib.worklist.rows import RowMaker, _count
from dynsync_lib.worklist.sheets import COLUMNS, SHEETS, heading_of
from dynsync_lib.worklist.tables import open_worklist_tables
from dynsync_lib.worklist.write_workbook import WrittenSheet, _numbers, write_workbook
from tests.kit.small_portals import load_portals
from tests.worklist.small_worklist import A1, A2, A3, C1, C2, C3, C4, D1, I1, U1, small_forecast

SOFFICE = shutil.which("soffice")
DECIDED = "dynsync_decisions"
RANKED = ("Ghosts", "Shared keys", "Failing", "Near names")
NO_MARKS = {"accept": 0, "fix": 0, "ignore": 0, "note_only": 0, "unmarked": 0}


@pytest.fixture(scope="module")
def forecast(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    """The forecast of the small portals."""
    return small_forecast(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def plain(forecast: kit.Forecast) -> Path:
    """Its worklist, with names, as written."""
    return kit.worklist(forecast, forecast.folder.parent / "plain.xlsx", names=True).path


@pytest.fixture
def book(plain: Path, tmp_path: Path) -> Path:
    """A copy of the worklist that a test may fill in."""
    return Path(shutil.copy(plain, tmp_path / "worklist.xlsx"))


def rows_of(path: Path, title: str) -> list[dict[str, Any]]:
    """The rows of a sheet by heading, without empty cells."""
    return _rows_of(path, path.stat().st_mtime_ns, title)


@lru_cache(1_000)
def _rows_of(path: Path, changed_ns: int, title: str) -> list[dict[str, Any]]:
    """The rows of a sheet as they were at that time, read once."""
    del changed_ns
    with closing(openpyxl.load_workbook(path, read_only=True)) as opened:  # which reads this sheet alone
        first, *lines = opened[title].iter_rows(values_only=True)
    headings = [str(cell) for cell in first]
    return [{name: cell for name, cell in zip(headings, line, strict=True) if cell is not None} for line in lines]


def edit(path: Path, change: Callable[[Any], None]) -> Path:
    """Changes the workbook with openpyxl and saves it."""
    opened = openpyxl.load_workbook(path)
    change(opened)
    opened.save(path)
    return path


def marks(*cells: tuple[str, str, str]) -> Callable[[Any], None]:
    """Writes texts into cells: title, address, text."""

    def write(opened: Any) -> None:
        for title, address, text in cells:
            opened[title][address] = text

    return write


def faults_of(path: Path, forecast: kit.Forecast) -> list[tuple[str, str, str]]:
    """The faults of an import, which keeps nothing."""
    kept = _decisions_file(forecast)
    before = kept.read_bytes() if kept.exists() else None
    with pytest.raises(WorklistError) as raised:
        kit.import_worklist(path, forecast)
    assert (kept.read_bytes() if kept.exists() else None) == before
    return [(fault.sheet, fault.cell, fault.sentence) for fault in raised.value.faults]


def _decisions_file(forecast: kit.Forecast) -> Path:
    return forecast.folder.with_name("forecast.decisions.json")


def decided(forecast: kit.Forecast) -> list[dict[str, Any]]:
    """What was kept."""
    content = json.loads(_decisions_file(forecast).read_text(encoding="utf-8"))
    assert content[DECIDED] == 1
    decisions: list[dict[str, Any]] = content["decisions"]
    return decisions


def test_sheets__hold_each_thing_to_do(plain: Path) -> None:
    first, second = rows_of(plain, "Ghosts")
    assert {
        name: first[name] for name in ("System", "Object", "Record id", "Name", "Other record id", "Other name")
    } == {
        "System": "Dynamics",
        "Object": "contact",
        "Record id": C2,
        "Name": "Ada B.",
        "Other record id": C1,
        "Other name": "Ada Byron",
    }
    assert (first["Owner"], first["Open deals"], first["Open deal value"], first["Invoiced"]) == (
        "Olive Owner",
        1,
        1500.5,
        0,
    )
    assert first["Reason"].endswith("silently never syncs; it differs in jobtitle, lastname.")
    assert (second["Record id"], second["Reason"], second["Owner"]) == (C3, "Has no e-mail address.", "nobody")
    ids = {
        title: [(row.get("Record id"), row.get("Other record id")) for row in rows_of(plain, title)]
        for title in ("Shared keys", "Failing", "Left out", "Near names", "Manual invoices", "Overwrites")
    }
    assert ids == {
        "Shared keys": [("13", "12")],
        "Failing": [(C4, None)],
        "Left out": [(D1, None), ("21", None)],
        "Near names": [("11", A2)],
        "Manual invoices": [(I1, A1)],
        "Overwrites": [("1", C1)],
    }
    assert [
        (row["Record id"], row["Other record id"], row["Reason"]) for row in rows_of(plain, "Lost associations")
    ] == [
        (C3, C1, "It points to a contact, where a company belongs."),
        ("1", "11", "The two systems name different primary companies, and the conflict winner’s stays."),
        ("1", "12", "Only the primary company travels."),
    ]
    overwrite = rows_of(plain, "Overwrites")[0]
    assert (overwrite["Field"], overwrite["Value before"], overwrite["Value after"]) == ("jobtitle", "Boss", "Chief")
    assert rows_of(plain, "Findings")[0]["Severity"] == "Blocker"
    assert rows_of(plain, "Manual invoices")[0]["Other name"] == "'=1+1"
    assert {cell.data_type for page in openpyxl.load_workbook(plain) for row in page for cell in row} <= {"s", "n"}


def test_first_sheet__says_what_is_not_known_or_not_listed(plain: Path) -> None:
    said = [row[1] for row in openpyxl.load_workbook(plain)["Read me"].iter_rows(values_only=True)]
    assert "Named. This workbook holds personal data: keep it as you keep the CRMs." in said
    assert "Counted, not listed: associations whose own record stays out: 1." in said


def test_masked__shows_nobody(forecast: kit.Forecast, tmp_path: Path) -> None:
    written = kit.worklist(forecast, tmp_path / "masked.xlsx")
    assert (written.is_named, written.has_records, written.rows["ghosts"]) == (False, True, 2)
    text = str(
        [page for page in openpyxl.load_workbook(written.path).worksheets for page in page.iter_rows(values_only=True)]
    )
    assert not [word for word in ("Ada", "Olive", "example.com", "Boss", "Chief", "Dent") if word in text]
    assert "person-" in text
    assert U1 in text
    assert rows_of(written.path, "Ghosts")[1]["Name"] == "person without a key"


def test_same_forecast__same_bytes(forecast: kit.Forecast, plain: Path, tmp_path: Path) -> None:
    again = kit.worklist(str(forecast.folder), tmp_path / "again.xlsx", names=True)
    assert again.path.read_bytes() == plain.read_bytes()


def test_without_a_snapshot__nothing_of_records_is_known(forecast: kit.Forecast, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(forecast.folder, tmp_path / "far" / "away" / "forecast"))
    written = kit.worklist(moved, tmp_path / "w.xlsx", names=True)
    row = rows_of(written.path, "Ghosts")[0]
    assert [row.get(name) for name in ("Name", "Owner", "Open deals", "Open deal value", "Invoiced")] == [
        "not known"
    ] * 5
    assert (written.has_records, written.rows["ghosts"], written.rows["opt_outs"]) == (False, 2, None)
    said = openpyxl.load_workbook(written.path)["Read me"].iter_rows(min_col=3, values_only=True)
    assert (2, 10, "not known", "not known") in said


def test_links__open_records_and_a_sheet_goes_on_on_the_next(forecast: kit.Forecast, tmp_path: Path) -> None:
    urls = urls_of_portals({"hubspot": {"id": "4711"}, "dynamics": {"url": "https://company-a.crm4.dynamics.com"}})
    with open_worklist_tables(forecast, None) as tables:
        pages = write_workbook(tmp_path / "w.xlsx", forecast, RowMaker(tables, urls, NO_MASK), limits=Limits(3, 3))
    titles = {page.sheet.name: page.titles for page in pages}
    assert titles["lost_associations"] == ["Lost associations", "Lost associations 2"]
    assert titles["ghosts"] == ["Ghosts"]
    assert next(page for page in pages if page.sheet.name == "lost_associations").notes == [
        "Lost associations: Excel allows no more links on a sheet; from row 3 on, addresses are plain texts. "
        "Copy them into a browser."
    ]
    page = openpyxl.load_workbook(tmp_path / "w.xlsx")["Ghosts"]
    address = f"https://company-a.crm4.dynamics.com/main.aspx?etn=contact&pagetype=entityrecord&id={C2}"
    assert (page["G2"].value, page["G2"].hyperlink.target) == (address, address)
    assert page.auto_filter.ref == "A1:V3"
    assert page.freeze_panes == "A2"
    assert [rule.sqref for rule in page.data_validations.dataValidation] == ["A2:A3"]
    for title in ("Lost associations", "Lost associations 2"):
        assert len(rows_of(tmp_path / "w.xlsx", title)) in (1, 2)


def test_row_keys__name_each_row_and_stay_in_another_forecast(plain: Path, tmp_path: Path) -> None:
    keys = [row["Row key"] for sheet in SHEETS for row in rows_of(plain, sheet.title)]
    assert len(set(keys)) == len(keys)
    other = kit.worklist(small_forecast(tmp_path, {"h/deals": "hs_object_id,dealname\n"}), tmp_path / "w.xlsx").path
    assert {row["Row key"] for row in rows_of(other, "Overwrites")} <= set(keys)
    assert len(set(keys) - {row["Row key"] for sheet in SHEETS for row in rows_of(other, sheet.title)}) < 5


def test_headings__are_unlike_without_regard_to_case() -> None:
    headings = [heading_of(column).casefold() for column in COLUMNS]
    assert len(set(headings)) == len(headings)
    assert max(len(sheet.title) for sheet in SHEETS) < 26


def test_import__keeps_marks_and_notes(book: Path, forecast: kit.Forecast) -> None:
    edit(
        book,
        marks(
            ("Ghosts", "A2", "fix"),
            ("Ghosts", "B2", "ask the owner"),
            ("Near names", "A2", " Accept "),
            ("Overwrites", "B2", "?"),
        ),
    )
    imported = kit.import_worklist(book, forecast)
    assert imported.by_mark == {"accept": 1, "fix": 1, "ignore": 0}
    assert imported.by_sheet["ghosts"] == {**NO_MARKS, "fix": 1, "unmarked": 1}
    assert imported.by_sheet["overwrites"]["note_only"] == 1
    assert imported.other_sheets == ()
    assert [
        {name: decision.get(name) for name in ("sheet", "mark", "note", "system", "object", "record_id", "other_id")}
        for decision in decided(forecast)
    ] == [
        dict(zip(("sheet", "mark", "note", "system", "object", "record_id", "other_id"), values, strict=True))
        for values in (
            ("ghosts", "fix", "ask the owner", "dynamics", "contact", C2, C1),
            ("near_names", "accept", None, "hubspot", "company", "11", A2),
            ("overwrites", None, "?", "hubspot", "contact", "1", C1),
        )
    ]
    assert imported.decisions.stat().st_mode & 0o077 == 0


def test_import__after_rows_and_columns_were_moved_and_deleted(book: Path, forecast: kit.Forecast) -> None:
    def rearrange(opened: Any) -> None:
        page = opened["Lost associations"]
        page["A4"] = "ignore"
        page.delete_rows(2)
        page.insert_rows(1)
        page.insert_cols(1, 2)
        page["A2"] = "Ours"
        page.title = "Renamed"
        del opened["Mappings"]
        opened.create_sheet("Our own")["A1"] = "anything"
        opened.move_sheet("Renamed", -4)

    imported = kit.import_worklist(edit(book, rearrange), forecast)
    assert imported.by_sheet["lost_associations"] == {**NO_MARKS, "ignore": 1, "unmarked": 1}
    assert imported.other_sheets == ("Our own",)
    assert [row["other_id"] for row in decided(forecast)] == ["12"]


BROKEN: Mapping[str, tuple[Callable[[Any], None], list[tuple[str, str, str]]]] = {
    "another mark": (
        marks(("Ghosts", "A3", "maybe"), ("Failing", "A2", "Ada Byron")),
        [
            ("Ghosts", "A3", "The mark is 'maybe', which is none of accept, fix, ignore."),
            ("Failing", "A2", "The mark is a text of 9 characters, which is none of accept, fix, ignore."),
        ],
    ),
    "a formula": (
        marks(("Ghosts", "A3", "=A2")),
        [("Ghosts", "A3", "The mark is a text of 3 characters, which is none of accept, fix, ignore.")],
    ),
    "an edited id": (
        marks(("Shared keys", "E2", "14")),
        [("Shared keys", "C2", "The ids of this row are not those of its row key; they, or the key, were edited.")],
    ),
    "no row key": (
        marks(("Shared keys", "V2", "")),
        [("Shared keys", "V2", "This row has no row key, so nobody knows what it is.")],
    ),
    "no key column": (
        lambda opened: opened["Failing"].delete_cols(22),
        [("Failing", "A1", "The column Row key is missing.")],
    ),
    "no mark column": (
        lambda opened: opened["Failing"].delete_cols(1),
        [("Failing", "A1", "The column Mark is missing.")],
    ),
    "no id column": (
        lambda opened: opened["Failing"].delete_cols(5),
        [("Failing", "A1", "The column Record id is missing.")],
    ),
    "no headings": (
        lambda opened: opened["Failing"].delete_rows(1),
        [("Failing", "A1", "The row of headings is missing.")],
    ),
    "two of one heading": (
        marks(("Failing", "C1", "mark")),
        [("Failing", "C1", "A second column is called Mark.")],
    ),
    "merged": (
        lambda opened: opened["Left out"].merge_cells("A2:A3"),
        [("Left out", "A2:A3", "These cells are merged; unmerge them.")],
    ),
    "protected": (
        lambda opened: opened["Left out"].protection.enable(),
        [("Left out", "A1", "This sheet is protected; take the protection off.")],
    ),
    "no forecast id": (
        lambda opened: opened.remove(opened["Read me"]),
        [("Read me", "A1", "No row says Forecast id; write the worklist again, and mark that one.")],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_import__names_what_it_cannot_use_by_sheet_and_cell(name: str, book: Path, forecast: kit.Forecast) -> None:
    change, faults = BROKEN[name]
    assert faults_of(edit(book, change), forecast) == faults


def test_records_behind_findings__have_sheets_and_need_the_snapshot(
    book: Path, forecast: kit.Forecast, tmp_path: Path
) -> None:
    row = rows_of(book, "Opt-outs")[0]
    assert (row["Record id"], row["Other record id"], row["Reason"]) == (C1, "1", "Opted out in HubSpot only.")
    behind = [(row["Check"], row["Record id"]) for row in rows_of(book, "Behind findings")]
    assert rows_of(book, "Behind findings")[0]["Reason"].startswith("2 Dynamics contacts share an e-mail address")
    assert behind == [("G03", C2), ("G03", C1), ("G46", I1)]
    edit(book, marks(("Opt-outs", "A2", "fix"), ("Behind findings", "A2", "ignore")))
    imported = kit.import_worklist(book, forecast)
    assert imported.by_mark == {"accept": 0, "fix": 1, "ignore": 1}
    assert [(row["check_id"], row["mark"]) for row in decided(forecast)] == [("G42", "fix"), ("G03", "ignore")]
    far = tmp_path / "far" / "away" / "forecast"
    shutil.copytree(forecast.folder, far)
    with pytest.raises(UsageError, match="which is needed here and is not there"):
        kit.import_worklist(book, far)
    assert kit.import_worklist(book, far, snapshot=forecast.folder.parent / "s").by_mark == imported.by_mark


def _made_with_lost_pairs(folder: Path) -> None:
    file = folder / "forecast.json"
    lost = {"bindings": {"path": "gone.csv", "sha256": "0" * 64}}
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **lost}), encoding="utf-8")


def _counted_otherwise(folder: Path) -> None:
    """As a version of the kit counts that does not list the same rows."""
    file = folder / "forecast.json"
    info = json.loads(file.read_text(encoding="utf-8"))
    del info["sha256"]["findings"]
    file.write_text(json.dumps(info), encoding="utf-8")
    findings = pl.read_parquet(folder / "findings.parquet")
    is_changed = pl.col("check_id") == "G03"
    count = pl.when(is_changed).then(pl.col("count") + 1).otherwise(pl.col("count"))
    sentence = pl.when(is_changed).then(pl.col("sentence").str.replace("^2 ", "3 ")).otherwise(pl.col("sentence"))
    findings.with_columns(count=count, sentence=sentence).write_parquet(folder / "findings.parquet")


@pytest.mark.parametrize("spoil", [_made_with_lost_pairs, _counted_otherwise])
def test_records_behind_findings__are_not_known_when_they_cannot_all_be_found_again(
    forecast: kit.Forecast, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    copied = Path(shutil.copytree(forecast.folder, tmp_path / "forecast"))
    spoil(copied)
    written = kit.worklist(copied, tmp_path / "list.xlsx", snapshot=forecast.folder.parent / "s")
    assert (written.rows["opt_outs"], written.rows["behind_findings"]) == (None, None)
    said = [row[:3] for row in openpyxl.load_workbook(written.path)["Read me"].iter_rows(values_only=True)]
    assert any("they cannot all be found again" in str(text) for label, text, _ in said if label == "Not known")
    assert [rows for label, _, rows in said if label in ("Opt-outs", "Behind findings")] == ["not known"] * 2


def test_import__of_records_that_cannot_be_found_again(book: Path, forecast: kit.Forecast, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(forecast.folder, tmp_path / "forecast"))
    _made_with_lost_pairs(copied)
    edit(book, marks(("Behind findings", "A2", "ignore")))
    with pytest.raises(UsageError, match=r"^Records behind findings of .*: they cannot all be found again, since"):
        kit.import_worklist(book, copied, snapshot=forecast.folder.parent / "s")


def test_fixes__are_files_where_the_value_is_known(book: Path, forecast: kit.Forecast, tmp_path: Path) -> None:
    cells = [(title, "A2", "fix") for title in ("Ghosts", "Failing", "Near names", "Opt-outs")]
    edit(book, marks(*cells))
    imported = kit.import_worklist(book, forecast, fixes=tmp_path / "fixes")
    assert imported.fixes == {
        "dynamics-contact-donotbulkemail.csv": 1,
        "dynamics-contact-emailaddress1.csv": 1,
        "hubspot-company-name.csv": 1,
    }
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "fixes").glob("*.csv")} == {
        "dynamics-contact-donotbulkemail.csv": f'contactid,donotbulkemail\n"{C1}","true"\n',
        "dynamics-contact-emailaddress1.csv": f'contactid,emailaddress1\n"{C4}",""\n',
        "hubspot-company-name.csv": 'Record ID,name\n"11","Company B AG"\n',
    }
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "fixes").iterdir())
    edit(book, marks(("Near names", "A2", "ignore")))
    assert "hubspot-company-name.csv" not in kit.import_worklist(book, forecast, fixes=tmp_path / "fixes").fixes
    (tmp_path / "fixes" / "mine.txt").write_text("mine", encoding="utf-8")
    before = decided(forecast)
    edit(book, marks(("Ghosts", "A2", "ignore")))
    with pytest.raises(UsageError, match=r"mine\.txt"):
        kit.import_worklist(book, forecast, fixes=tmp_path / "fixes")
    assert decided(forecast) == before


def test_import__one_row_twice_with_two_marks(book: Path, forecast: kit.Forecast) -> None:
    def copy_row(opened: Any) -> None:
        page = opened["Ghosts"]
        page["A2"] = "fix"
        page.append(["accept", *(cell.value for cell in page[2][1:])])

    assert faults_of(edit(book, copy_row), forecast) == [
        ("Ghosts", "A4", "This row stands in Ghosts, row 2, too, with another mark.")
    ]


def test_import__of_another_forecast(book: Path, forecast: kit.Forecast) -> None:
    of = openpyxl.load_workbook(book)["Read me"]["B2"].value
    edit(book, marks(("Read me", "B2", "0" * 24)))
    assert faults_of(book, forecast) == [
        ("Read me", "B2", f"This is the worklist of another forecast than {forecast.folder}, which is {of}.")
    ]


def test_import__a_row_of_another_worklist(book: Path, forecast: kit.Forecast) -> None:
    sheet = next(sheet for sheet in SHEETS if sheet.name == "ghosts")
    ids = ["Dynamics", "contact", A3]

    def paste(opened: Any) -> None:
        page = opened["Ghosts"]
        page.append(["fix", None, *ids, *[None] * 16, sheet.key_of(ids)])

    assert faults_of(edit(book, paste), forecast) == [
        ("Ghosts", "A4", "This row is none of the forecast's; it came from another worklist.")
    ]


def _archive(name: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as file:
            for part in name.split():
                file.writestr(part, "x")

    return write


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda path: path.write_text("Mark,Note\n"), "is no XLSX workbook"),
        (lambda path: path.write_bytes(b""), "is no XLSX workbook"),
        (lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600)), "is encrypted, or of the format before XLSX"),
        (lambda path: path.mkdir(), "cannot be read"),
        (Path.absolute, "cannot be read"),
        (_archive("mimetype content.xml"), "is an OpenDocument file"),
        (_archive("xl/workbook.xml xl/vbaProject.bin"), "holds macros"),
        (_archive(" ".join(["xl/workbook.xml", *(f"xl/worksheets/{n}.xml" for n in range(501))])), "has 501 sheets"),
        (_archive("xl/workbook.xml"), "is damaged: it cannot be read to its end"),
    ],
)
def test_import__what_is_no_workbook(
    write: Callable[[Path], None], says: str, forecast: kit.Forecast, tmp_path: Path
) -> None:
    write(tmp_path / "w.xlsx")
    with pytest.raises(InputFileError, match=says) as raised:
        kit.import_worklist(tmp_path / "w.xlsx", forecast)
    assert "CSV" not in raised.value.next_step


def test_write__over_a_worklist_that_nobody_marked_only(book: Path, forecast: kit.Forecast, tmp_path: Path) -> None:
    kit.worklist(forecast, book)
    edit(book, marks(("Ghosts", "A2", "fix")))
    with pytest.raises(UsageError, match="in which somebody wrote"):
        kit.worklist(forecast, book)
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="something else than a worklist"):
        kit.worklist(forecast, tmp_path / "notes.txt")
    with pytest.raises(UsageError, match="masked forecast shows no names"):
        kit.worklist(forecast.masked(), tmp_path / "w.xlsx", names=True)


@pytest.mark.parametrize("name", ["w.csv", "w", "w.xlsx.bak"])
def test_write__under_another_suffix(name: str, forecast: kit.Forecast, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"does not end in \.xlsx\.$"):
        kit.worklist(forecast, tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def one_sided(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    """A forecast to which Dynamics delivered nothing."""
    folder = tmp_path_factory.mktemp("one_sided")
    companies = "hs_object_id,name,domain\n11,Company A,\n12,Company A,\n"
    contacts = "hs_object_id,email\n1,a@example.com\n"
    (folder / "d").mkdir()
    snapshot = load_portals(folder, {"h/companies": companies, "h/contacts": contacts})
    (folder / "dynsync.toml").write_text("[sync.company]\n[sync.contact]\n", encoding="utf-8")
    return kit.forecast(snapshot, folder / "dynsync.toml", folder / "forecast")


def test_undelivered__is_not_known_or_at_least(one_sided: kit.Forecast, tmp_path: Path) -> None:
    written = kit.worklist(one_sided, tmp_path / "w.xlsx")
    needing = ("ghosts", "failing", "near_names", "opt_outs", "lost_associations", "overwrites")
    assert [written.rows[name] for name in (*needing, "shared_keys")] == [*[None] * len(needing), 1]
    assert "shared_keys" in written.incomplete
    assert written.not_checked[0].startswith("Not checked: Dynamics contacts and Dynamics accounts were not delivered.")
    said = [row[:3] for row in openpyxl.load_workbook(written.path)["Read me"].iter_rows(values_only=True)]
    assert {label: rows for label, _, rows in said if label in ("Ghosts", "Shared keys", "Near names")} == {
        "Ghosts": "not known",
        "Shared keys": "at least 1",
        "Near names": "not known",
    }
    assert any(label == "Not checked" and str(what).startswith("Dynamics contacts and") for label, what, _ in said)


def test_undelivered__leaves_no_list_and_no_fix_set_without_a_word(one_sided: kit.Forecast) -> None:
    fixes = kit.fix_set(one_sided)
    assert fixes.sentence.endswith(" Not everything was checked.")
    behind = find_records_of(one_sided, "near_names")
    assert (len(behind), behind.notes) == (0, [])
    assert behind.not_checked == fixes.not_checked
    assert fixes.not_checked[0].startswith("Not checked: Dynamics contacts and Dynamics accounts were not delivered.")


def test_no_records__is_no_pass(tmp_path: Path) -> None:
    snapshot = load_portals(tmp_path, {"h/contacts": "hs_object_id,email\n", "d/contacts": "contactid,emailaddress1\n"})
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    empty = kit.forecast(snapshot, tmp_path / "dynsync.toml", tmp_path / "forecast")
    fixes = kit.fix_set(empty)
    assert fixes.sentence == "Nothing to fix is known, but not everything was checked."
    assert fixes.not_checked[0] == "Not checked: the forecast has no records."
    assert find_records_of(empty, "collisions").not_checked == fixes.not_checked
    assert set(kit.worklist(empty, tmp_path / "w.xlsx").not_checked) >= set(fixes.not_checked)


@pytest.fixture(scope="module")
def few_columns(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    """A forecast of one matched pair of which nothing but the address was delivered."""
    folder = tmp_path_factory.mktemp("few_columns")
    people = {
        "h/contacts": "hs_object_id,email\n1,a@example.com\n",
        "d/contacts": f"contactid,emailaddress1\n{C1},a@example.com\n",
    }
    snapshot = load_portals(folder, people)
    (folder / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    return kit.forecast(snapshot, folder / "dynsync.toml", folder / "forecast")


def test_columns_and_associations_not_delivered__leave_no_zero(few_columns: kit.Forecast, tmp_path: Path) -> None:
    written = kit.worklist(few_columns, tmp_path / "w.xlsx")
    lacking = ("failing", "opt_outs", "lost_associations", "overwrites", "options")
    assert {name: written.rows[name] for name in lacking} == dict.fromkeys(lacking)
    assert (written.rows["ghosts"], written.rows["manual_invoices"]) == (0, 0)
    assert set(lacking) < set(written.incomplete)
    lines = openpyxl.load_workbook(written.path)["Read me"].iter_rows(values_only=True)
    said = [str(line[1]) for line in lines if line[0] == "Not checked"]
    assert [text.partition(" ")[0] for text in said] == ["Whether", "Values", "Which"]
    assert [f"Not checked: {text}" for text in said] == list(written.not_checked)


def test_fixes__of_what_was_not_compared_say_so(few_columns: kit.Forecast) -> None:
    fixes = kit.fix_set(few_columns)
    assert fixes.sentence == "Nothing to fix is known, but not everything was checked."
    assert [text.split()[2] for text in fixes.not_checked] == ["Values", "Which"]
    assert find_records_of(few_columns, "lost_associations").not_checked == fixes.not_checked


def test_import__says_what_it_replaces_and_loses_no_marks(book: Path, forecast: kit.Forecast, tmp_path: Path) -> None:
    copied = kit.open_forecast(shutil.copytree(forecast.folder, tmp_path / "f" / "forecast"))
    bare = Path(shutil.copy(book, tmp_path / "bare.xlsx"))
    edit(book, marks(("Failing", "A2", "fix"), ("Overwrites", "B2", "?")))
    first = kit.import_worklist(book, copied, fixes=tmp_path / "fixes")
    assert (first.replaced_decisions, first.replaced_fixes, first.emptied_addresses) == (0, 0, 1)
    with pytest.raises(
        UsageError, match=r"has no marks, and would replace all marks and notes in .*decisions\.json, which are 2\."
    ):
        kit.import_worklist(bare, copied, fixes=tmp_path / "fixes")
    assert len(decided(copied)) == 2
    assert (tmp_path / "fixes" / "dynamics-contact-emailaddress1.csv").exists()
    replaced = kit.import_worklist(bare, copied, fixes=tmp_path / "fixes", replace=True)
    assert (replaced.replaced_decisions, replaced.replaced_fixes, decided(copied)) == (2, 1, [])


def test_import__puts_the_marks_of_two_people_together(book: Path, forecast: kit.Forecast, tmp_path: Path) -> None:
    other = Path(shutil.copy(book, tmp_path / "other.xlsx"))
    edit(
        book,
        marks(("Failing", "A2", "fix"), ("Ghosts", "A2", "accept"), ("Ghosts", "B2", "one"), ("Ghosts", "B3", "?")),
    )
    edit(other, marks(("Ghosts", "A2", "accept"), ("Ghosts", "B2", "two"), ("Ghosts", "A3", "ignore")))
    imported = kit.import_worklist([book, other], forecast)
    assert imported.by_mark == {"accept": 1, "fix": 1, "ignore": 1}
    assert imported.by_sheet["ghosts"] == {**NO_MARKS, "accept": 1, "ignore": 1}
    assert {row["record_id"]: (row["mark"], row["note"]) for row in decided(forecast)} == {
        C2: ("accept", "one; two"),
        C3: ("ignore", "?"),
        C4: ("fix", None),
    }
    alone = kit.import_worklist(other, forecast)
    assert (alone.replaced_decisions, alone.dropped_decisions) == (3, 1)


def test_import__of_no_workbook(forecast: kit.Forecast) -> None:
    with pytest.raises(UsageError, match="No workbook is named"):
        kit.import_worklist([], forecast)


def test_import__of_two_marks_for_one_row_names_both(book: Path, forecast: kit.Forecast, tmp_path: Path) -> None:
    other = Path(shutil.copy(book, tmp_path / "other.xlsx"))
    edit(book, marks(("Ghosts", "A2", "accept"), ("Ghosts", "A3", "perhaps")))
    edit(other, marks(("Ghosts", "A2", "fix")))
    edit(other, lambda opened: opened["Ghosts"].insert_cols(1))
    with pytest.raises(WorklistError) as raised:
        kit.import_worklist([book, other], forecast)
    assert [(fault.workbook, fault.sheet, fault.cell, fault.sentence) for fault in raised.value.faults] == [
        (str(book), "Ghosts", "A3", "The mark is 'perhaps', which is none of accept, fix, ignore."),
        (
            str(other),
            "Ghosts",
            "B2",
            f"This row is marked fix here, and accept in {book}, Ghosts, A2. Settle which of the two holds.",
        ),
    ]
    assert str(raised.value).startswith(f"{book}, Ghosts, A3: The mark is")


def test_ranks__say_what_to_fix_first_and_what_is_gone_then(
    plain: Path, forecast: kit.Forecast, tmp_path: Path
) -> None:
    written = kit.worklist(forecast, tmp_path / "w.xlsx", ranked=True)
    names = ("Record id", "Fix rank", "Risk gone up to here")
    ranks = {title: [tuple(row[name] for name in names) for row in rows_of(written.path, title)] for title in RANKED}
    assert ranks == {
        "Ghosts": [(C2, 1, 0.2), (C3, "no fix known", "no fix known")],
        "Shared keys": [("13", 4, 0.8)],
        "Failing": [(C4, 2, 0.4)],
        "Near names": [("11", 3, 0.6)],
    }
    changes = [(row["rank"], row["share"]) for row in kit.fix_set(forecast).rows()]
    assert changes == [(1, 0.2), (2, 0.4), (3, 0.6), (4, 0.8)]
    assert written.fixes == kit.fix_set(forecast).sentence
    assert {row["Fix rank"] for title in RANKED for row in rows_of(plain, title)} == {"not asked for"}


def test_counts__of_records_there_are_numbers_alone(forecast: kit.Forecast, tmp_path: Path) -> None:
    written = kit.worklist(forecast, tmp_path / "w.xlsx", masking="counts")
    opened = openpyxl.load_workbook(written.path)
    assert opened.sheetnames == ["Read me", "Mappings", "Options to add", "Findings"]
    texts = [str(cell) for page in opened for line in page.iter_rows(values_only=True) for cell in line if cell]
    assert [text for text in texts if re.search(r"0000-0000|example\.com|Byron|Company B", text)] == []
    assert (written.rows["ghosts"], written.rows["near_names"]) == ("fewer than 5", 1)
    first = {line[0]: line[2:] for line in opened["Read me"].iter_rows(values_only=True)}
    assert first["Ghosts"] == ("fewer than 5", None, None, None)
    assert first["Near names"][:2] == (1, 2)
    assert [text for text in texts if re.fullmatch(r"Counted, not listed: .*: [1-4]\.", text)] == []
    findings = rows_of(written.path, "Findings")
    about = next(row for row in findings if (row["Check"], row["Object"]) == ("G02", "contact"))
    assert (about["Records"], about["Reason"][:36]) == ("fewer than 5", "Fewer than 5 Dynamics contacts share")
    assert next(row for row in findings if row["Check"] == "G20")["Records"] == 1
    edit(written.path, marks(("Findings", "A2", "accept")))
    assert kit.import_worklist(written.path, forecast).by_mark == {"accept": 1, "fix": 0, "ignore": 0}


def test_counts__of_people_are_rounded_and_few_deals_have_no_value(forecast: kit.Forecast, tmp_path: Path) -> None:
    with open_worklist_tables(forecast, None) as tables:
        maker = RowMaker(tables, urls_of_portals({}), Mask(Masking.COUNTS, ""))
        asked = {"object": "contact", "count": 234}
        mappings = next(sheet for sheet in SHEETS if sheet.name == "mappings")
        assert [_count(maker, mappings, {**asked, "count": count}) for count in (234, 3)] == [235, "fewer than 5"]
        assert _count(maker, mappings, {**asked, "object": "company"}) == 234
    command = ["worklist", "--forecast", str(forecast.folder), "--out", str(tmp_path / "w.xlsx")]
    shown = CliRunner().invoke(app, [*command, "--masking", "counts"]).stdout
    assert "mark the rows of mappings, options and findings, its only sheets" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("rows", "deals", "value", "shown"),
    [
        (7, 1, 300.0, (5, 25, 5, "of fewer than 5 deals")),
        (7, 6, 900.0, (5, 25, 5, 900.0)),
        (7, 0, 0.0, (5, 25, 0, 0.0)),
    ],
)
def test_counts__of_a_sheet_of_people(rows: int, deals: int, value: float, shown: tuple[object, ...]) -> None:
    written = WrittenSheet(SHEETS[0], rows=rows, open_deals=deals, open_value=value)
    written.round_people()
    assert tuple(_numbers(written)) == shown


def test_import__over_decisions_that_are_damaged(book: Path, forecast: kit.Forecast, tmp_path: Path) -> None:
    copied = kit.open_forecast(shutil.copytree(forecast.folder, tmp_path / "f" / "forecast"))
    _decisions_file(copied).write_text('{"dynsync_decisions": 1, "deci', encoding="utf-8")
    with pytest.raises(UsageError, match="is damaged: its marks cannot be counted"):
        kit.import_worklist(book, copied)


def test_failing__says_that_a_fix_empties_the_address(plain: Path) -> None:
    assert "empties it in Dynamics" in rows_of(plain, "Failing")[0]["Suggestion"]


@pytest.fixture(scope="module")
def saved_by_libreoffice(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worklist with a mark, opened and saved by LibreOffice."""
    if SOFFICE is None:
        pytest.skip("LibreOffice (soffice) is not on this machine")
    folder = tmp_path_factory.mktemp("office")
    marked = edit(Path(shutil.copy(plain, folder / "worklist.xlsx")), marks(("Ghosts", "A2", "fix")))
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [
        SOFFICE,
        profile,
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        str(folder / "saved"),
    ]
    subprocess.run([*command, marked], check=True, capture_output=True, timeout=120)
    return folder / "saved" / "worklist.xlsx"


@pytest.mark.long
def test_import__after_libreoffice_saved_it(saved_by_libreoffice: Path, forecast: kit.Forecast) -> None:
    imported = kit.import_worklist(saved_by_libreoffice, forecast)
    assert imported.by_mark == {"accept": 0, "fix": 1, "ignore": 0}
    assert sum(sum(counts.values()) for counts in imported.by_sheet.values()) == sum(
        len(rows_of(saved_by_libreoffice, sheet.title)) for sheet in SHEETS
    )
    assert [row["record_id"] for row in decided(forecast)] == [C2]


@pytest.mark.parametrize("masking", ["pseudonym", "counts"])
def test_records_behind_what_was_not_checked__no_headings_and_no_file(forecast: kit.Forecast, masking: str) -> None:
    command = ["audit", "--records", "G50", "--forecast", str(forecast.folder), "--masking", masking]
    shown = CliRunner().invoke(app, command)
    assert (shown.exit_code, "No record is listed." in shown.output) == (0, True)
    assert "may create and write in Dynamics is not known" in shown.output
    assert not any(text in shown.output for text in ("--csv", "record_id", "system  "))
