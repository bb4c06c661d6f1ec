"""Findings about refusals name the columns, with the records that each refuses."""

from __future__ import annotations

from pathlib import Path

from dynsync_lib import kit
from tests.kit.small_portals import load_portals

FILES = {
    "h/properties": "object,name,type,field_type\ncontact,visits,number,number\ncompany,visits,number,number\n",
    "d/columns": "object,name,type,length,min_value,max_value,required\n"
    "contact,new_visits,Integer,,0,100,\ncompany,new_visits,Integer,,0,100,\n"
    "contact,new_code,String,,,,SystemRequired\n",
    "h/contacts": "hs_object_id,email,jobtitle,firstname,visits\n"
    f"1,ann@c.example,{'x' * 101},Ann,\n2,bo@c.example,{'x' * 101},{'y' * 51},\n"
    "3,cy@c.example,,,101\n4,dee@c.example,,,7\n",
    "h/companies": "hs_object_id,name,visits\n7,Acme,250\n8,Bolt,-1\n",
    "d/contacts": "contactid,emailaddress1,jobtitle,firstname,new_visits,new_code\n"
    "D1,ann@c.example,,,,x\nD2,bo@c.example,,,,x\nD3,cy@c.example,,,,x\n",
}


def test_findings__name_the_columns_that_refuse(tmp_path: Path) -> None:
    snapshot = load_portals(tmp_path, FILES)
    visits = "[[sync.{}.mapping]]\nhubspot = 'visits'\ndynamics = 'new_visits'\n"
    settings = f"[sync.contact]\n{visits.format('contact')}[sync.company]\n{visits.format('company')}"
    (tmp_path / "dynsync.toml").write_text(settings, encoding="utf-8")
    told = kit.forecast(snapshot, tmp_path / "dynsync.toml", tmp_path / "f")
    named = [row["sentence"].partition("By column: ")[2] for row in kit.records(told.findings)]
    assert [one for one in named if one] == [
        "contact.jobtitle (2 records), contact.firstname (1 record).",
        "account.new_visits (2 records), contact.new_visits (1 record).",
        # the one contact that is to be created lacks it; the others are there already
        "contact.new_code (1 record).",
    ]
