"""Two forecasts, snapshots or settings beside each other: small portals, expected rows written out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.cli import commands
from dynsync_lib.errors import SettingsError, UsageError
from tests.kit.small_portals import load_portals

MONDAY = {
    "h/contacts": "hs_object_id,email,firstname,city\n"
    "1,ann@c.example,Ann,Bonn\n"
    "2,bob@c.example,Bob,Kiel\n"
    "3,cid@c.example,Cid,\n",
    "d/contacts": "contactid,emailaddress1,firstname,address1_city,statecode\n"
    "d1,ann@c.example,Ann,Jena,0\n"
    "d2,bob@c.example,Bob,Kiel,1\n"
    "d3,ann@c.example,Anna,Ulm,0\n"
    "d4,dan@c.example,Dan,Ulm,0\n",
}
FRIDAY = {
    **MONDAY,
    "d/contacts": "contactid,emailaddress1,firstname,address1_city,statecode\n"
    "d1,ann@c.example,Ann,Bonn,0\n"
    "d2,bob@c.example,Bob,Kiel,1\n"
    "d4,dan@c.example,Dan,Ulm,0\n"
    "d5,eve@c.example,Eve,Ulm,0\n",
}
PLAIN = "[sync.contact]\n"
ACTIVE = (
    "[sync.contact]\nconflict_winner = 'hubspot'\nfilter_to_hubspot = 'statecode  =  0'\ndirection = 'to_hubspot'\n"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Snapshots `monday/s` and `friday/s`, settings `plain.toml` and `active.toml`, and forecasts of monday by each."""
    home = tmp_path_factory.mktemp("comparisons")
    for name, files in (("monday", MONDAY), ("friday", FRIDAY)):
        load_portals(home / name, files)
    for name, text in (("plain", PLAIN), ("active", ACTIVE)):
        (home / f"{name}.toml").write_text(text, encoding="utf-8")
        kit.forecast(home / "monday/s", home / f"{name}.toml", home / name)
    return home


def ways(rows: list[dict[str, Any]]) -> list[str]:
    """`dynamics create -> excluded (filter): 1` for each way that records went."""
    return [
        f"{row['system']} {row['before']} -> {row['after']}"
        + (f" ({row['after_reason']})" if row["after_reason"] else "")
        + f": {row['count']}"
        for row in rows
    ]


def moved(rows: list[dict[str, Any]]) -> list[str]:
    """`created dynamics: 1 to 0 (+0 -1 ~0)` for each effect that moves."""
    return [
        f"{row['effect']} {row['system']}: {row['before']} to {row['after']} "
        f"(+{row['additional']} -{row['no_longer']} ~{row['otherwise']})"
        for row in rows
        if row["additional"] or row["no_longer"] or row["otherwise"]
    ]


def test_settings__are_compared_by_what_they_mean(home: Path) -> None:
    compared = kit.diff_settings(home / "plain.toml", home / "active.toml")
    assert [change.sentence for change in compared.changes] == [
        "[sync.contact] direction was two_way and is now to_hubspot.",
        "[sync.contact] conflict_winner was dynamics and is now hubspot.",
        "[sync.contact] filter_to_hubspot was not set and is now statecode  =  0.",
    ]
    assert compared.sync is None
    assert compared.is_any


def test_settings__with_a_snapshot_say_what_the_save_does(home: Path) -> None:
    compared = kit.diff_settings(home / "plain.toml", home / "active.toml", snapshot=home / "monday/s")
    assert compared.sync is not None
    assert ways(list(compared.sync.transitions["outcomes"])) == [
        "dynamics link -> excluded (filter): 1",  # bob is inactive
        "hubspot create -> excluded (direction): 1",  # cid
        "hubspot link -> excluded (direction): 1",  # bob again: nothing comes in from Dynamics any more
    ]
    assert moved(list(compared.sync.effect_rows)) == [
        "created dynamics: 1 to 0 (+0 -1 ~0)",
        "matched dynamics: 2 to 1 (+0 -1 ~0)",
        "matched hubspot: 2 to 1 (+0 -1 ~0)",
        "excluded dynamics: 0 to 1 (+1 -0 ~0)",
        "excluded hubspot: 0 to 2 (+2 -0 ~0)",
    ]


def test_forecasts__are_compared_record_by_record(home: Path) -> None:
    compared = kit.diff_forecasts(home / "plain", home / "active")
    settings = kit.diff_settings(home / "plain.toml", home / "active.toml", snapshot=home / "monday/s")
    assert settings.sync is not None
    assert compared.sync.figures == settings.sync.figures
    assert compared.notes == ["The forecasts were made with different settings."]
    same = kit.diff_forecasts(home / "plain", home / "plain")
    assert (same.is_any, same.notes) == (False, [])


def test_snapshots__say_what_cleaning_did(home: Path) -> None:
    compared = kit.diff_snapshots(home / "monday/s", home / "friday/s", home / "plain.toml")
    assert [row for row in compared.table_rows if row["table"] == "dynamics/contacts"] == [
        {"table": "dynamics/contacts", "before": 4, "after": 4, "gone": 1, "new": 1, "changed": 1}
    ]
    assert compared.column_rows == [{"table": "dynamics/contacts", "column": "address1_city", "changed": 1}]
    assert compared.sync is not None
    assert ways(list(compared.sync.transitions["outcomes"])) == [
        "dynamics not_there -> create: 1",  # eve
        "dynamics shadowed -> not_there: 1",  # the other ann
        "dynamics update -> link: 1",  # ann's city is one now
        "hubspot update -> link: 1",
    ]
    named = ("state", "before", "after", "gone", "new")
    rows = {(row["check_id"], row["system"]): [row[name] for name in named] for row in compared.finding_rows or ()}
    assert rows["G01", "dynamics"] == ["gone", 1, 0, 1, 0]
    assert rows["G34", None] == ["gone", 1, 0, 1, 0]


def test_snapshots__without_settings_say_what_was_not_compared(home: Path) -> None:
    compared = kit.diff_snapshots(home / "monday/s", home / "friday/s")
    assert compared.figures["findings"] is None
    assert compared.notes[-1] == "Findings are not compared: they are asked under settings, and none were named."
    assert compared.figures["mappings_not_compared"] is None
    same = kit.diff_snapshots(home / "monday/s", home / "monday/s")
    assert not same.is_any


def test_snapshots__of_other_columns_and_tables_name_them(home: Path, tmp_path: Path) -> None:
    narrow = {name: text for name, text in MONDAY.items() if name == "d/contacts"}
    narrow["d/contacts"] = narrow["d/contacts"].replace(",address1_city", ",address1_line1")
    load_portals(tmp_path, {**narrow, "h/companies": "hs_object_id,name\n7,Acme\n"})
    compared = kit.diff_snapshots(home / "monday/s", tmp_path / "s")
    assert compared.notes[:4] == [
        f"hubspot/contacts is not compared: {tmp_path / 's'} does not hold it.",
        f"hubspot/companies is not compared: {home / 'monday/s'} does not hold it.",
        f"Of dynamics/contacts address1_city is not compared: {tmp_path / 's'} does not hold it.",
        f"Of dynamics/contacts address1_line1 is not compared: {home / 'monday/s'} does not hold it.",
    ]
    moved = [row[name] for row in compared.table_rows for name in ("gone", "new", "changed")]
    assert (any(moved), compared.is_any) == (False, True)  # what could not be compared is never the same
    rows = {row["table"]: row for row in compared.table_rows}
    assert rows["hubspot/contacts"] == {
        "table": "hubspot/contacts",
        "before": 3,
        "after": None,
        **dict.fromkeys(("gone", "new", "changed")),
    }


@pytest.fixture
def command(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in the folder; its exit code and what it printed come out."""
    monkeypatch.chdir(home)

    def run(line: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["dynsync", *line.split()])
        with pytest.raises(SystemExit) as ended:
            commands.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (
            "diff plain plain",
            0,
            "The sync does the same with every record, of what was compared: 9 of 12 mappings were not.\n"
            "Not checked: 9 of 12 mappings were not compared: contact address / address1_line1, contact country",
        ),
        ("diff plain plain", 0, "\nG43 is not checked: Which workflows and flows the sync triggers cannot be read"),
        ("diff plain active", 1, "is counted between snapshots: dynsync diff SNAPSHOT SNAPSHOT --settings FILE."),
        ("diff plain active", 1, "3 records, 0 written values and 0 associations differ."),
        ("diff monday/s monday/s", 0, "dynamics/contacts"),
        (
            "diff monday/s friday/s --settings plain.toml",
            1,
            "1 of 19 findings is as before, 14 are checked on neither side.",
        ),
        ("settings-diff plain.toml plain.toml", 0, "The settings say the same."),
        ("settings-diff plain.toml active.toml", 1, "[sync.contact] direction was two_way and is now to_hubspot."),
        ("settings-diff plain.toml active.toml --snapshot monday/s", 1, "excluded (direction)"),
        ("settings-diff active.toml active.toml --snapshot monday/s --bindings plain", 0, "does the same"),
    ],
)
def test_commands__print_and_end_by_what_differs(command: Any, line: str, code: int, words: str) -> None:
    ended, out, _ = command(line)
    assert (ended, words in out) == (code, True), out
    ended, out, _ = command(f"{line} --json")
    assert (ended, json.loads(out)["same"]) == (code, code == 0)


def test_commands__list_the_records(command: Any, home: Path) -> None:
    settings = "settings-diff plain.toml active.toml --snapshot monday/s --csv moved.csv"
    assert command(settings)[0] == 1
    expected = (home / "moved.csv").read_text(encoding="utf-8")
    assert expected.splitlines()[:2] == [
        "system,object,record_id,before,after,before_reason,after_reason,before_counterpart_id,after_counterpart_id,"
        "before_winner_id,after_winner_id",
        '"dynamics","contact","d2","link","excluded","","filter","2","","",""',
    ]
    code, out, _ = command("diff plain active --csv moved.csv")  # a list is replaced by another
    assert (code, out.splitlines()[-1]) == (1, "CSV:      moved.csv")
    assert json.loads(command("diff plain active --csv moved.csv --json")[1])["csv"] == "moved.csv"
    assert (home / "moved.csv").read_text(encoding="utf-8") == expected
    code, _, err = command("diff plain active --csv plain.toml")
    assert (code, "plain.toml exists already and is not a list of records that differ." in err) == (2, True)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("diff plain monday/s", "plain is a forecast, and monday/s is a snapshot."),
        ("diff plain monday", "monday is neither a forecast nor a snapshot: it has no forecast.json"),
        ("diff plain active --settings plain.toml", "Forecasts were made with settings of their own."),
        ("settings-diff plain.toml active.toml --bindings plain", "Pairs of an earlier run are those of a snapshot."),
        ("settings-diff plain.toml active.toml --csv x.csv", "Records that differ are those of a snapshot."),
        ("diff monday/s friday/s --csv x.csv", "What the sync does is asked under settings."),
        ("settings-diff plain.toml none.toml", "none.toml is not there."),
    ],
)
def test_commands__refuse_in_a_sentence(command: Any, line: str, says: str) -> None:
    code, _, err = command(line)
    assert (code, says in err) == (2, True), err


def test_snapshots__of_other_portals_are_refused(tmp_path: Path) -> None:
    paths = []
    for name, portal in (("monday", 11), ("friday", 12)):
        (tmp_path / name / "h").mkdir(parents=True)
        (tmp_path / name / "h" / "account.json").write_text(f'{{"portalId": {portal}}}', encoding="utf-8")
        paths.append(load_portals(tmp_path / name, MONDAY).path)
    with pytest.raises(UsageError, match="are of different HubSpot portals, 11 and 12"):
        kit.diff_snapshots(*paths)


def test_snapshots__say_in_which_of_them_the_settings_name_what_is_not_there(tmp_path: Path) -> None:
    """Only one of two portals has the property `shoe`: as the second it is refused, as the first it is a note."""
    paths = {}
    for name, fields in (("lacking", "email"), ("whole", "email,shoe")):
        properties = "object,name,type,field_type\n" + "".join(
            f"contact,{field},string,text\n" for field in fields.split(",")
        )
        paths[name] = load_portals(tmp_path / name, {**MONDAY, "h/properties": properties}).path
    settings = tmp_path / "shoe.toml"
    settings.write_text("[sync.contact]\n[[sync.contact.mapping]]\nhubspot = 'shoe'\ndynamics = 'jobtitle'\n")
    with pytest.raises(SettingsError) as caught:
        kit.diff_snapshots(paths["whole"], paths["lacking"], settings)
    says = f"In {paths['lacking']}: "
    assert [fault.startswith(says) and "`shoe`" in fault for fault in caught.value.faults] == [True]
    compared = kit.diff_snapshots(paths["lacking"], paths["whole"], settings)
    assert [note.startswith(says) and "`shoe`" in note for note in compared.notes[-1:]] == [True]
    assert [sentence.split(":")[0] for sentence in compared.not_checked] == [
        f"Not checked in {paths['lacking']}",
        f"Not checked in {paths['whole']}",
    ]
