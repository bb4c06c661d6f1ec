"""Options that one system lacks: on a sheet of their own, and as a list for each CRM to type in."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from dynsync_lib import kit
from tests.kit.small_portals import forecast_portals

TIERS = '"[{""value"": ""gold"", ""label"": ""Gold""}, {""value"": ""trial"", ""label"": ""=Trial""}]"'
CODES = '"[{""value"": ""1"", ""label"": ""gold""}, {""value"": ""2"", ""label"": ""Bronze""}]"'
STATES = '"[{""value"": ""0"", ""label"": ""Open""}, {""value"": ""1"", ""label"": ""Shut""}]"'
FILES = {
    "h/properties": "object,name,label,type,field_type,options\ncontact,email,Email,string,text,\n"
    f"contact,tier,Tier,enumeration,select,{TIERS}\ncontact,kind,Kind,enumeration,select,{TIERS}\n",
    "d/columns": "object,name,label,type,options\ncontact,emailaddress1,Email,String,\n"
    f"contact,new_code,Tier,Picklist,{CODES}\ncontact,statecode,Status,State,{STATES}\n",
    "h/contacts": "hs_object_id,email,tier,kind\n1,ann@c.example,trial,trial\n2,bob@c.example,gold,\n"
    "3,cal@c.example,what,\n",
    "d/contacts": "contactid,emailaddress1,new_code,statecode\nd1,ann@c.example,2,0\nd2,dee@c.example,2,0\n"
    "d3,eve@c.example,1,1\n",
}
SETTINGS = """
[sync.contact]
default_mappings = false
[[sync.contact.mapping]]
hubspot = "tier"
dynamics = "new_code"
[[sync.contact.mapping]]
hubspot = "kind"
dynamics = "statecode"
options = { gold = "0" }
"""


@pytest.fixture(scope="module")
def forecast(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    return forecast_portals(tmp_path_factory.mktemp("options"), FILES, SETTINGS)


@pytest.fixture(scope="module")
def book(forecast: kit.Forecast) -> Path:
    return kit.worklist(forecast, forecast.folder.parent / "worklist.xlsx").path


def test_sheet__says_what_to_add_where_and_for_how_many(book: Path) -> None:
    lines = list(openpyxl.load_workbook(book)["Options to add"].iter_rows(values_only=True))
    shown = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    names = (
        "System",
        "HubSpot property",
        "Label to add",
        "Internal value to add",
        "Value on the other side",
        "Records",
    )
    assert [tuple(row[name] for name in names) for row in shown] == [
        ("Dynamics", "tier", "'=Trial", None, "trial", 1),
        ("Dynamics", "tier", None, None, None, 1),
        ("HubSpot", "kind", "Shut", "Shut", "1", 1),
        ("HubSpot", "tier", "Bronze", "Bronze", "2", 2),
    ]
    assert [row["Suggestion"] for row in shown] == [
        "Add it in Power Apps, among the choices of the column, which then gives it a number. Or pair the value "
        "with one that is there, in the mapping's options.",
        "Correct these values, or add them as options of their own field first.",
        "Add it in HubSpot's settings, among the options of the property. Then pair the two, in the mapping's options.",
        "Add it in HubSpot's settings, among the options of the property. Or pair the value with one that is there, "
        "in the mapping's options.",
    ]
    assert "what" not in str(shown[1].values())


def test_fixes__are_a_list_for_each_system(book: Path, forecast: kit.Forecast, tmp_path: Path) -> None:
    opened = openpyxl.load_workbook(book)
    for line in (2, 3, 5):
        opened["Options to add"][f"A{line}"] = "fix"
    opened.save(tmp_path / "filled.xlsx")
    imported = kit.import_worklist(tmp_path / "filled.xlsx", forecast, fixes=tmp_path / "fixes")
    assert imported.fixes == {"dynamics-options.csv": 1, "hubspot-options.csv": 1}
    assert (tmp_path / "fixes" / "hubspot-options.csv").read_text(encoding="utf-8") == (
        'object,property,label,internal_value\n"contact","tier","Bronze","Bronze"\n'
    )
    assert (tmp_path / "fixes" / "dynamics-options.csv").read_text(encoding="utf-8") == (
        'table,column,label,value\n"contact","new_code","\'=Trial",""\n'
    )


def test_sheet__without_the_snapshot_is_not_known(forecast: kit.Forecast, tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    for file in forecast.folder.iterdir():
        (tmp_path / "f" / file.name).write_bytes(file.read_bytes())
    assert kit.worklist(tmp_path / "f", tmp_path / "w.xlsx").rows["options"] is None
