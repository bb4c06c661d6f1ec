"""The editor's state: every field with a verdict, steps that are read before they count, undo, saving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.core.model import Object, System, Verdict
from dynsync_lib.core.suggestions.suggest import Suggestion
from dynsync_lib.errors import InputFileError, SettingsError, UsageError
from dynsync_lib.mapping_editor.editor import MappingEditor
from dynsync_lib.mapping_editor.field_rows import find_rows
from dynsync_lib.mapping_editor.snapshot_fields import SnapshotFields
from dynsync_lib.settings_changes.changes import Change
from dynsync_lib.settings_changes.settings_text import change_settings_text
from tests.kit.small_portals import load_portals

FILES = {
    "h/properties": "object,name,label,type,field_type,read_only,options\n"
    "contact,email,E-mail,string,text,,\n"
    "contact,jobtitle,Job title,string,text,,\n"
    "contact,tier,Tier,enumeration,select,,a=Gold;b=Silver;c=Trial\n"
    "contact,topics,Topics,enumeration,checkbox,,x=One;y=Two\n"
    "contact,score,Score,number,calculation_score,true,\n"
    "contact,notes,Notes,string,text,,\n",
    "d/columns": "object,name,label,type,read_only,options,targets\n"
    "contact,emailaddress1,E-mail,String,,,\n"
    "contact,jobtitle,Job title,String,,,\n"
    "contact,tiercode,Tier,Picklist,,1=Gold;2=Silver;3=Other,\n"
    "contact,parentcustomerid,Company,Customer,,,account\n"
    "contact,photo,Photo,Image,,,\n"
    "contact,statecode,Status,State,,0=Active;1=Inactive,\n"
    "contact,notes,Notes,String,,,\n",
    "h/contacts": "hs_object_id,email,jobtitle,tier,topics\n"
    "1,ann@c.example,Engineer,a,x;y\n2,ben@c.example,,a,secret\n3,eve@c.example,,c,\n",
    "d/contacts": "contactid,emailaddress1,jobtitle,tiercode,_parentcustomerid_value,_parentcustomerid_type\n"
    "d1,ann@c.example,Engineer,1,a1,account\nd2,pat@c.example,Cook,9,,\n",
    "d/accounts": "accountid,name\na1,Company A\n",
}
TEXT = """\
[sync.contact]  # people
default_mappings = false

[[sync.contact.mapping]]
hubspot = "email"
dynamics = "emailaddress1"

[[sync.contact.mapping]]
hubspot = "tier"
dynamics = "tiercode"  # agreed
"""
SUGGESTIONS = [
    Suggestion(Object.CONTACT, "jobtitle", name, rank, score, "r")
    for name, rank, score in (("notes", 2, 0.4), ("jobtitle", 1, 0.9), ("emailaddress1", 3, 0.2))
]


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> SnapshotFields:
    return SnapshotFields(load_portals(tmp_path_factory.mktemp("portals"), FILES), kit.rulebook())


@pytest.fixture
def editor(fields: SnapshotFields) -> MappingEditor:
    return open_editor(fields)


def open_editor(fields: SnapshotFields, text: str = TEXT, **more: Any) -> MappingEditor:
    def save(changes: Sequence[Change]) -> str:
        return change_settings_text(text, changes, rulebook=kit.rulebook(), catalogue=fields.catalogue)

    return MappingEditor(text, fields, save=save, suggestions=SUGGESTIONS, **more)


def row(editor: MappingEditor, key: str) -> Any:
    return next(row for row in editor.rows("contact") if row.key == key)


def test_rows__mappings_come_first_then_every_other_field_of_both_sides(editor: MappingEditor) -> None:
    keys = [row.key for row in editor.rows("contact")]
    assert keys[:2] == ["email emailaddress1", "tier tiercode"]
    catalogue = editor.fields.catalogue
    hubspot = catalogue.names(System.HUBSPOT, Object.CONTACT)
    dynamics = catalogue.names(System.DYNAMICS, Object.CONTACT)
    assert {"jobtitle", "notes", "score", "topics"} < set(hubspot)
    assert keys[2:] == [
        *(f"{name} -" for name in hubspot if name not in ("email", "tier")),
        *(f"- {name}" for name in dynamics if name not in ("emailaddress1", "tiercode")),
    ]


@pytest.mark.parametrize(
    ("key", "verdict", "allowed", "rule_id"),
    [
        ("email emailaddress1", "ok", "two_way", "field.same-kind"),
        ("tier tiercode", "lossy", "two_way", "field.option-unpaired"),
        ("jobtitle -", "ok", "two_way", "field.same-kind"),
        ("score -", "one_way", "to_dynamics", "field.read-only"),
        ("topics -", "one_way", "to_dynamics", "field.into-text"),
        ("- parentcustomerid", "blocked", None, "field.lookup-blocked"),
        ("- photo", "blocked", None, "field.types-do-not-fit"),
        ("- statecode", "one_way", "to_hubspot", "field.read-only"),
    ],
)
def test_rows__say_whether_and_which_way(
    editor: MappingEditor, key: str, verdict: str, allowed: str | None, rule_id: str
) -> None:
    actual = row(editor, key)
    assert (actual.verdict, actual.allowed, actual.rule_id) == (verdict, allowed, rule_id)
    assert (actual.verdict == "ok") == (actual.reason is None)


def test_rows__what_instead_of_a_lookup_is_its_recipe(editor: MappingEditor) -> None:
    instead = editor.instead("contact", row(editor, "- parentcustomerid"))
    assert instead is not None
    assert instead.startswith("Add the text column")
    assert "Filled in 1 of 2 records." in instead


def test_rows__count_what_is_filled_and_hide_people(editor: MappingEditor, fields: SnapshotFields) -> None:
    email, tier = row(editor, "email emailaddress1"), row(editor, "tier tiercode")
    assert (email.hubspot.records, email.hubspot.filled, email.hubspot.samples) == (3, 3, ("(filled)",))
    assert (tier.hubspot.samples, tier.dynamics.samples) == (("Gold", "Trial"), ("Gold", "(filled)"))
    assert row(editor, "topics -").hubspot.samples == ("One, Two", "(filled)")
    assert row(editor, "notes -").hubspot.records is None  # not delivered, so not counted
    open_fields = SnapshotFields(fields.snapshot, fields.rulebook, shows_people=True)
    assert row(open_editor(open_fields), "topics -").hubspot.samples == ("One, Two", "secret")


def test_find_rows__searches_and_filters(editor: MappingEditor) -> None:
    rows = editor.rows("contact")
    keys = {
        "JOB text": [row.key for row in find_rows(rows, search="JOB text")],
        "blocked pho": [row.key for row in find_rows(rows, search="pho", verdict=Verdict.BLOCKED)],
        "mapped": [row.key for row in find_rows(rows, shown="mapped")],
        "suggested": [row.key for row in find_rows(rows, shown="suggested")],
    }
    assert keys == {
        "JOB text": ["jobtitle -", "- jobtitle"],
        "blocked pho": ["- photo"],
        "mapped": ["email emailaddress1", "tier tiercode"],
        "suggested": ["jobtitle -", "- jobtitle", "- notes"],
    }
    assert find_rows(rows) == list(rows)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"object_": "contat"}, "`contat` is no object. Did you mean `contact`?"),
        ({"object_": "contact", "shown": "unmaped"}, "`unmaped` is no sort of rows."),
        ({"object_": "contact", "verdict": "lossless"}, "`lossless` is no verdict."),
    ],
)
def test_fields_table__of_a_word_that_is_none(editor: MappingEditor, asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        kit.fields_table(editor, **asked)
    assert str(raised.value) == sentence


def test_suggestions__name_fields_that_are_free_the_best_first(editor: MappingEditor) -> None:
    assert [(s.dynamics_field, s.score) for s in row(editor, "jobtitle -").suggestions] == [
        ("jobtitle", 0.9),
        ("notes", 0.4),
    ]
    editor.map("contact", "notes", "notes")
    assert [s.dynamics_field for s in row(editor, "jobtitle -").suggestions] == ["jobtitle"]


def test_option_pairs__have_their_records(editor: MappingEditor) -> None:
    pairs = editor.option_pairs("contact", "tier", "tiercode")
    assert [(p.hubspot, p.hubspot_records, p.dynamics, p.dynamics_label, p.dynamics_records) for p in pairs] == [
        ("a", 2, "1", "Gold", 1),
        ("b", 0, "2", "Silver", 0),
        ("c", 1, None, None, None),
        (None, None, "3", "Other", 0),
        (None, None, "9", None, 1),
    ]
    assert editor.option_pairs("contact", "email", "emailaddress1") == []


def test_steps__are_told_undone_and_saved(fields: SnapshotFields) -> None:
    editor = open_editor(fields)
    editor.map("contact", "jobtitle", "jobtitle", "to_hubspot")
    editor.set_direction("contact", "email", "emailaddress1", "to_dynamics")
    editor.pair_options("contact", "tier", "tiercode", {"Trial": "Other"})
    editor.unmap("contact", "jobtitle", "jobtitle")
    assert editor.changes() == [
        "Contact: email and emailaddress1 flow into Dynamics, before both ways.",
        "Contact: tier and tiercode pair 1 option by name, before 0.",
    ]
    assert row(editor, "tier tiercode").reason == (
        "Without a partner: HubSpot 'a' (Gold, 2 records); Dynamics '1' (Gold, 1 record), '9' (1 record)."
    )
    assert editor.undo()
    assert "Contact: jobtitle and jobtitle are mapped, into HubSpot." in editor.changes()
    assert editor.save() == 3
    assert (editor.changes(), editor.steps, editor.undo()) == ([], 0, False)
    assert row(editor, "jobtitle jobtitle").direction == "to_hubspot"


def test_unmap__says_which_default_mapping_is_in_force_again(fields: SnapshotFields) -> None:
    text = '[sync.contact]\n[[sync.contact.mapping]]\nhubspot = "jobtitle"\ndynamics = "notes"\n'
    back = open_editor(fields, text).unmap("contact", "jobtitle", "notes")
    assert [(mapping.hubspot, mapping.dynamics) for mapping in back] == [("jobtitle", "jobtitle")]


def test_rows__a_lookup_is_named_as_the_settings_name_it(fields: SnapshotFields) -> None:
    text = '[sync.contact]\n[[sync.contact.mapping]]\nhubspot = "notes"\ndynamics = "_parentcustomerid_value"\n'
    editor = open_editor(fields, text)
    lookup = row(editor, "notes _parentcustomerid_value")
    assert (lookup.verdict, lookup.dynamics.filled) == ("blocked", 1)
    assert [row.key for row in editor.rows("contact") if row.key == "- parentcustomerid"] == []
    editor.unmap("contact", *lookup.names)
    assert row(editor, "- parentcustomerid").verdict == "blocked"


def test_save__keeps_what_others_changed_and_refuses_what_does_not_fit(tmp_path: Path) -> None:
    snapshot = load_portals(tmp_path, FILES)
    file = tmp_path / "dynsync.toml"
    file.write_text(TEXT, encoding="utf-8")
    editor = kit.open_mapping_editor(snapshot, file)
    editor.map("contact", "jobtitle", "jobtitle")
    theirs = TEXT.replace("# people", "# people of Company A")
    file.write_text(theirs, encoding="utf-8")
    editor.save()
    assert file.read_text(encoding="utf-8").startswith(theirs)
    editor.map("contact", "notes", "notes")
    file.write_text(f'{TEXT}\n[[sync.contact.mapping]]\nhubspot = "notes"\ndynamics = "jobtitle"\n', encoding="utf-8")
    before = file.read_text(encoding="utf-8")
    with pytest.raises(SettingsError, match="is mapped twice"):
        editor.save()
    assert (file.read_text(encoding="utf-8"), editor.steps) == (before, 1)


def test_map__takes_the_other_mapping_of_a_field_away(editor: MappingEditor) -> None:
    editor.map("contact", "tier", "notes")
    assert editor.changes() == [
        "Contact: tier and notes are mapped, both ways.",
        "Contact: tier and tiercode are not mapped any more.",
    ]
    editor.undo()
    assert editor.changes() == []


def test_steps__what_cannot_be_leaves_the_state_as_it_was(editor: MappingEditor) -> None:
    with pytest.raises(
        SettingsError, match=r"`jobtitel` is no contact property of hubspot\. Did you mean `jobtitle`\?"
    ):
        editor.map("contact", "jobtitel", "jobtitle")
    with pytest.raises(UsageError, match="`jobtitle` and `jobtitle` of contact are not mapped with each other"):
        editor.set_direction("contact", "jobtitle", "jobtitle", "to_hubspot")
    with pytest.raises(SettingsError, match="`Platinum` is no option of the contact property `tier`"):
        editor.pair_options("contact", "tier", "tiercode", {"Platinum": "Other"})
    assert (editor.steps, editor.changes()) == (0, [])


def test_try_out__needs_test_portals_and_a_saved_file(fields: SnapshotFields) -> None:
    with pytest.raises(UsageError, match="No test portals are set"):
        open_editor(fields).try_out()
    editor = open_editor(fields, try_out=lambda: "tried")
    assert editor.try_out() == "tried"
    editor.map("contact", "jobtitle", "jobtitle")
    with pytest.raises(UsageError, match="not all is saved"):
        editor.try_out()


def test_notes__name_what_is_not_known_and_what_the_plan_lacks(fields: SnapshotFields, tmp_path: Path) -> None:
    assert open_editor(fields).notes() == [
        "Own mappings need a paid Data Hub; whether the portal has one is not known: the settings do not say.",
        "HubSpot's mapping screen has the last word: a field that you do not see there cannot be mapped.",
    ]
    files = {"h/contacts": "hs_object_id,email\n1,a@c.example\n", "d/contacts": "contactid,emailaddress1\nd1,\n"}
    bare = SnapshotFields(load_portals(tmp_path, files), kit.rulebook())
    assert open_editor(bare, "[hubspot]\ndata_hub = false\n").notes()[:3] == [
        "HubSpot came without metadata: its fields are those of the standard schema.",
        "Dynamics came without metadata: its fields are those of the standard schema.",
        "Own mappings need a paid Data Hub, and the settings name none: only default ones will work.",
    ]


# --- the workbook ----------------------------------------------------------------------------------------------------


def edited(file: Path, **cells: str | None) -> Path:
    """The workbook with cells changed, by sheet and cell: `Mappings_B2`."""
    import openpyxl

    book = openpyxl.load_workbook(file)
    for name, value in cells.items():
        sheet, cell = name.split("_")
        book[sheet][cell] = value
    book.save(file)
    return file


def test_workbook__there_and_back_is_no_step(editor: MappingEditor, tmp_path: Path) -> None:
    file = editor.export_workbook(tmp_path / "m.xlsx")
    assert (editor.load_workbook(file), editor.steps) == ([], 0)
    again = editor.export_workbook(tmp_path / "again.xlsx")
    assert again.read_bytes() == file.read_bytes()


def test_workbook__is_loaded_as_one_step(editor: MappingEditor, tmp_path: Path) -> None:
    file = editor.export_workbook(tmp_path / "m.xlsx")
    edited(file, Mappings_B2="jobtitle", Mappings_C2="jobtitle", Mappings_D2="to_hubspot", Options_E4="3")
    assert editor.load_workbook(file) == [
        "Contact: email and emailaddress1 are not mapped any more.",
        "Contact: jobtitle and jobtitle are mapped, into HubSpot.",
        "Contact: tier and tiercode pair 3 options by name, before 0.",
    ]
    assert editor.steps == 1


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"Mappings_B2": "emial"}, "sheet Mappings, cell B2: `emial` is no contact property of HubSpot. Did you mean"),
        ({"Mappings_C3": None}, "sheet Mappings, cell C3: The cell is empty."),
        ({"Mappings_D3": "north"}, "sheet Mappings, cell D3: `north` is none of two_way, to_hubspot, to_dynamics."),
        ({"Mappings_A2": "kontakt"}, "sheet Mappings, cell A2: `kontakt` is none of contact, company"),
        ({"Mappings_B3": "email"}, "sheet Mappings, cell B3: `email` is mapped twice"),
        ({"Mappings_C1": "Column"}, "sheet Mappings has no column Dynamics field."),
        ({"Options_D3": "a"}, "sheet Options, cell D3: `a` is paired twice."),
        ({"Options_D2": "Platinum"}, "`Platinum` is no option of the contact property `tier`"),
        ({"About_B2": "999"}, "is of the HubSpot portal 999, and this snapshot of"),
    ],
)
def test_workbook__faults_are_named_and_nothing_is_loaded(
    editor: MappingEditor, tmp_path: Path, cells: dict[str, str | None], says: str
) -> None:
    file = edited(editor.export_workbook(tmp_path / "m.xlsx"), **cells)
    with pytest.raises((InputFileError, SettingsError)) as caught:
        editor.load_workbook(file)
    assert says in str(caught.value)
    assert (editor.steps, editor.changes()) == (0, [])


def test_workbook__what_is_none_is_refused(editor: MappingEditor, tmp_path: Path) -> None:
    (tmp_path / "text.xlsx").write_text("no workbook", encoding="utf-8")
    with pytest.raises(InputFileError, match="is no XLSX workbook"):
        editor.load_workbook(tmp_path / "text.xlsx")
    with pytest.raises(InputFileError, match="is not there"):
        editor.load_workbook(tmp_path / "nowhere.xlsx")
    with pytest.raises(UsageError, match="is not there"):
        editor.export_workbook(tmp_path / "nowhere" / "m.xlsx")
    with pytest.raises(UsageError, match="is no workbook of mappings"):
        editor.export_workbook(tmp_path / "text.xlsx")
    with pytest.raises(UsageError, match=r"does not end in \.xlsx"):
        editor.export_workbook(tmp_path / "m.csv")
