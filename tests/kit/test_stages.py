"""Deal stages in the settings: paired by id or label, and refused where the portal's own metadata lacks them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.errors import SettingsError
from tests.kit.small_portals import load_portals

FILES = {
    "h/properties": "object,name,type,field_type,options\ndeal,dealstage,enumeration,radio,new=New;won=Won\n",
    "d/columns": "object,name,type,options\ndeal,statuscode,Status,1=In Progress;3=Won\n",
    "h/deals": "hs_object_id,dealname,dealstage\n1,Big,new\n2,Small,won\n",
    "d/opportunities": "opportunityid,name,statuscode\nO1,Huge,3\n",
}


def test_stages__are_named_by_id_or_label(tmp_path: Path) -> None:
    snapshot = load_portals(tmp_path, FILES)
    (tmp_path / "dynsync.toml").write_text("[sync.deal]\n[sync.deal.stages]\nnew = 'In Progress'\n", encoding="utf-8")
    told = kit.forecast(snapshot, tmp_path / "dynsync.toml", tmp_path / "f")
    outcomes = {row["record_id"]: (row["outcome"], row["reason"]) for row in kit.records(told.outcomes)}
    assert outcomes == {
        "1": ("create", None),
        "2": ("excluded", "stage_unmapped"),
        "o1": ("excluded", "stage_unmapped"),
    }


def test_stages__that_do_not_exist_are_faults(tmp_path: Path) -> None:
    snapshot = load_portals(tmp_path, FILES)
    text = "[sync.deal]\n[sync.deal.stages]\nnww = '1'\nwon = '99'\n"
    (tmp_path / "dynsync.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        kit.forecast(snapshot, tmp_path / "dynsync.toml", tmp_path / "f")
    assert str(refused.value).splitlines() == [
        "dynsync.toml, line 3: `nww` is no option of the deal property `dealstage` of hubspot. Did you mean `new`?",
        "dynsync.toml, line 4: `99` is no option of the deal column `statuscode` of dynamics. It has `1`, `3`.",
    ]


@pytest.mark.parametrize(
    ("stage", "status"),
    [("closedwon", "3"), ("Closed Won", "Won"), ("closed won", "3"), ("Gewonnene Deals", "Won")],
)
def test_stages__by_label_or_id_without_metadata(tmp_path: Path, stage: str, status: str) -> None:
    """What the standard fields know is translated, in files and in settings; what they do not know stays as it is."""
    files = {
        "h/deals": "hs_object_id,dealname,dealstage\n1,Big,closedwon\n2,Bigger,Closed Won\n"
        "3,Biggest,Closed won (Sales Pipeline)\n",
        "d/opportunities": "opportunityid,name,statuscode\nO1,Small,Won\n",
    }
    settings = f'[sync.deal]\ndirection = "two_way"\n[sync.deal.stages]\n"{stage}" = "{status}"\n'
    (tmp_path / "dynsync.toml").write_text(settings, encoding="utf-8")
    forecast = kit.forecast(load_portals(tmp_path, files), tmp_path / "dynsync.toml", tmp_path / "f")
    outcomes = {row["record_id"]: row["outcome"] for row in forecast.rows("outcomes")}
    from_hubspot = "excluded" if stage == "Gewonnene Deals" else "create"
    assert outcomes == {**dict.fromkeys("123", from_hubspot), "o1": "create"}
