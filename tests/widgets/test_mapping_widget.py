"""The mapping editor's view without a browser: what is sent, and what its messages do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.widgets.mapping_widget import MappingWidget
from tests.kit.small_portals import load_portals

FILES = {
    "h/properties": "object,name,label,type,field_type,options\n"
    "contact,jobtitle,<b>Job</b>,string,text,\ncontact,tier,Tier,enumeration,select,a=Gold;b=Silver\n",
    "d/columns": "object,name,label,type,options\n"
    "contact,jobtitle,Job title,String,\ncontact,tiercode,Tier,Picklist,1=Gold;2=Other\n",
    "h/contacts": "hs_object_id,email,jobtitle,tier\n1,ann@c.example,Engineer,b\n",
    "d/contacts": "contactid,emailaddress1,jobtitle,tiercode\nd1,ann@c.example,Engineer,2\n",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "dynsync.toml"
    file.write_text("[sync.contact]  # people\ndefault_mappings = false\n", encoding="utf-8")
    return file


@pytest.fixture
def widget(file: Path) -> MappingWidget:
    return kit.mapping_editor(load_portals(file.parent, FILES), file)


def ask(widget: MappingWidget, **message: Any) -> str:
    """What the view answers to a message of the browser."""
    widget._on_message(widget, message, [])
    return str(widget.answer["text"])


def row(widget: MappingWidget, key: str) -> dict[str, Any]:
    return next(dict(row) for row in widget.shown["rows"] if row["key"] == key)


def test_widget__sends_every_row_with_its_words_and_hides_people(widget: MappingWidget) -> None:
    sent = json.dumps(widget.get_state())
    assert "Engineer" not in sent
    assert "ann@c.example" not in sent
    job = row(widget, "jobtitle -")
    assert (job["hubspot"]["label"], job["hubspot"]["filled"], job["verdict"]) == ("<b>Job</b>", 1, "ok")
    assert [suggestion["field"] for suggestion in job["suggestions"]] == ["jobtitle"]
    assert widget.words["verdicts"]["blocked"] == "Blocked"


def test_widget__maps_directs_pairs_undoes_and_saves(widget: MappingWidget, file: Path) -> None:
    names = {"hubspot": "tier", "dynamics": "tiercode"}
    assert ask(widget, do="map", **names) == "tier and tiercode are mapped."
    assert row(widget, "tier tiercode")["has_options"]
    assert ask(widget, do="direction", direction="to_hubspot", **names) == "The direction of tier and tiercode is set."
    assert ask(widget, do="options", pairs={"b": "2"}, **names) == "The options of tier and tiercode are paired."
    assert ask(widget, do="details", key="tier tiercode") == "The options of tier and tiercode are paired."
    assert [(pair["hubspot"], pair["dynamics"]) for pair in widget.details["options"]] == [
        *(("b", "2"), ("a", None), (None, "1")),
    ]
    assert widget.shown["steps"] == 3
    assert ask(widget, do="undo") == "The last step is undone."
    assert ask(widget, do="save") == "2 steps are saved."
    assert ask(widget, do="save") == "There is nothing to save."
    assert file.read_text(encoding="utf-8").endswith(
        '[[sync.contact.mapping]]\nhubspot = "tier"\ndynamics = "tiercode"\ndirection = "to_hubspot"\n'
    )
    assert ask(widget, do="remove", **names) == "tier and tiercode are not mapped any more."


def test_widget__shows_another_object_and_tells_what_instead(widget: MappingWidget) -> None:
    ask(widget, do="show", object="deal")
    assert widget.shown["object"] == "deal"
    assert ["deal", False] in [list(each) for each in widget.shown["objects"]]
    ask(widget, do="show", object="contact")
    ask(widget, do="details", key="- parentcustomerid")
    assert "Add the text column" in widget.details["instead"]


def test_widget__carries_workbooks(widget: MappingWidget, tmp_path: Path) -> None:
    ask(widget, do="map", hubspot="tier", dynamics="tiercode")
    workbook = str(tmp_path / "m.xlsx")
    assert ask(widget, do="export", path=workbook) == f"The mappings are in {workbook}."
    ask(widget, do="undo")
    assert ask(widget, do="load", path=workbook) == f"The mappings of {workbook} are loaded, and not saved yet."
    assert ask(widget, do="load", path=workbook) == f"{workbook} says what the editor says already."
    assert row(widget, "tier tiercode")["direction"] == "two_way"


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"do": "map", "hubspot": "nowhere", "dynamics": "jobtitle"}, "`nowhere` is no contact property of hubspot."),
        ({"do": "remove", "hubspot": "jobtitle", "dynamics": "jobtitle"}, "are not mapped with each other."),
        ({"do": "load", "path": "nowhere.xlsx"}, "nowhere.xlsx is not there."),
        ({"do": "try"}, "No test portals are set."),
        ({"do": "export", "path": f"{'x' * 300}.xlsx"}, "cannot be used: File name too long."),
        ({"do": "dance"}, "This view cannot do `dance`."),
    ],
)
def test_widget__a_fault_is_a_sentence_and_changes_nothing(
    widget: MappingWidget, message: dict[str, str], says: str
) -> None:
    assert says in ask(widget, **message)
    assert widget.answer["is_fault"]
    assert (widget.shown["steps"], widget.shown["changes"]) == (0, [])


def test_widget__script_and_style_are_its_own_and_name_no_address(widget: MappingWidget) -> None:
    for text in (widget._esm, widget._css):
        assert "http" not in str(text)
        assert "innerHTML" not in str(text)
