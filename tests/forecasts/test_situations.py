"""What a snapshot without metadata files is taken for."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.errors import SettingsError
from tests.kit.small_portals import load_portals

REGION = {
    "h/contacts": "hs_object_id,email,region\n1,ann@c.example,North\n",
    "d/contacts": "contactid,emailaddress1,_new_region_value,_new_region_type\nD1,ann@c.example,R1,new_region\n",
}
MAPPING = "[[sync.contact.mapping]]\nhubspot = 'region'\ndynamics = '{}'\n"


@pytest.mark.parametrize("column", ["new_region", "_new_region_value"])
def test_lookup_of_ones_own__is_known_without_metadata_and_blocked(tmp_path: Path, column: str) -> None:
    snapshot = load_portals(tmp_path, REGION)
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n" + MAPPING.format(column), encoding="utf-8")
    told = kit.forecast(snapshot, tmp_path / "dynsync.toml", tmp_path / "f")
    verdicts = {row["dynamics_field"]: (row["verdict"], row["rule_id"]) for row in kit.records(told.mapping)}
    assert verdicts[column] == ("blocked", "field.lookup-blocked")


def test_lookup__is_mapped_once_under_either_name(tmp_path: Path) -> None:
    snapshot = load_portals(tmp_path, REGION)
    twice = MAPPING.format("parentcustomerid") + "[[sync.contact.mapping]]\nhubspot = 'jobtitle'\ndynamics = "
    text = f"[sync.contact]\n{twice}'_parentcustomerid_value'\n"
    (tmp_path / "dynsync.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="line 7: `_parentcustomerid_value` of dynamics is mapped twice"):
        kit.forecast(snapshot, tmp_path / "dynsync.toml", tmp_path / "f")
