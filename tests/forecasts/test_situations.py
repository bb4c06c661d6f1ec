"""What a snapshot without metadata files is taken for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.core.model import Object, System
from dynsync_lib.errors import SettingsError
from dynsync_lib.forecasts import open_snapshot
from dynsync_lib.forecasts.forecast_folder import read_rows
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


def test_catalogue__reads_metadata_of_the_same_bytes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = "object,name,type\ncontact,{},string\n"
    files = {"h/contacts": "hs_object_id,email\n1,ann@c.example\n", "d/contacts": "contactid\nD1\n"}
    texts = {"a": own.format("shoe_size"), "b": own.format("shoe_size"), "c": own.format("hat_size")}
    snapshots = {name: load_portals(tmp_path / name, files | {"h/properties": text}) for name, text in texts.items()}
    read: list[str] = []

    def noted(path: Path) -> list[Any]:
        read.append(path.parts[-4])
        return read_rows(path)

    monkeypatch.setattr(open_snapshot, "read_rows", noted)
    open_snapshot._listed_fields.cache_clear()
    catalogues = {name: kit.read_catalogue(snapshot) for name, snapshot in snapshots.items()}
    assert read == ["a", "a", "c"]
    assert catalogues["a"] == catalogues["b"]
    known = [catalogue.find(System.HUBSPOT, Object.CONTACT, "hat_size") for catalogue in catalogues.values()]
    assert [field is not None for field in known] == [False, False, True]
