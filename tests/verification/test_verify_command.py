"""`dynsync verify`: what it prints, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from dynsync_lib import kit
from dynsync_lib.cli.commands import app
from tests.kit.small_portals import load_portals

FILES = {
    "h/contacts": "hs_object_id,email\n1,ann@c.example\n",
    "d/contacts": "contactid,emailaddress1\nd1,ann@c.example\n",
}
NEW = {**FILES, "d/contacts": "contactid,emailaddress1\nd1,ann@c.example\nd2,bob@c.example\n"}


def _verify(folder: Path, *more: str) -> tuple[int, str]:
    (folder / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    kit.forecast(folder / "s", folder / "dynsync.toml", folder / "f")
    paths = [str(folder / "s"), str(folder / "s"), "--forecast", str(folder / "f")]
    result = CliRunner().invoke(app, ["verify", *paths, *more])
    return result.exit_code, result.stdout


def test_every_prediction_holds__code_0(tmp_path: Path) -> None:
    load_portals(tmp_path, FILES)
    code, printed = _verify(tmp_path, "--json", "--out", str(tmp_path / "v"))
    figures = json.loads(printed)
    assert (code, figures["hits"], figures["misses"], figures["accuracy"]) == (0, 2, 0, 1.0)
    assert sorted(path.name for path in (tmp_path / "v").iterdir()) == ["receipt.parquet", "verification.json"]


def test_a_miss__code_1(tmp_path: Path) -> None:
    load_portals(tmp_path, NEW)
    code, printed = _verify(tmp_path, "--json")
    assert code == 1
    assert json.loads(printed)["missed"] == [
        {
            "system": "dynamics",
            "object": "contact",
            "record_id": "d2",
            "predicted": "create",
            "actual": "untouched",
            "rule_id": "record.create",
            "assumptions": [],
        }
    ]
