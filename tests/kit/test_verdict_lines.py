"""What the command line says first and last: go, conditions or no-go, and records that no sync covers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dynsync_lib import kit
from dynsync_lib.cli.commands import app
from tests.kit.small_portals import load_portals

_FILES = {
    "h/contacts": "hs_object_id,email,lastname\n1,a@x.example,Weir\n",
    "h/deals": "hs_object_id,dealname\n5,Steel\n6,Wood\n",
    "d/contacts": "contactid,emailaddress1,lastname\nc-1,a@x.example,Weir\nc-2,a@x.example,Weir\n",
    "d/opportunities": "opportunityid,name\no-1,Steel\n",
    "d/new_project": "new_projectid,new_name\np-1,House\np-2,Bridge\n",
}
_VERDICT = (
    "Go, with conditions. Nothing that was checked blocks the sync; settle its conditions first, "
    "the unchecked ones too."
)
_UNCOVERED = (
    "No sync covers Dynamics opportunities (1), HubSpot deals (2): their sync is off.",
    "No sync covers dynamics/new_project.csv: it holds 2 records of new_project, a custom table.",
)


@pytest.fixture(scope="module")
def engagement(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engagement")
    load_portals(folder, _FILES)
    (folder / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    kit.forecast(folder / "s", folder / "dynsync.toml", folder / "f")
    return folder


def _lines(*arguments: str | Path) -> list[str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return [line for line in result.stdout.splitlines() if line.strip()]


def test_audit__begins_with_the_verdict_and_sorts_by_severity(engagement: Path) -> None:
    printed = _lines("audit", "--forecast", engagement / "f")
    assert tuple(printed[:3]) == (_VERDICT, *_UNCOVERED)
    order = ["blocker", "high", "medium", "low", "not_checked"]
    ranks = [order.index(row["severity"]) for row in kit.findings_by_severity(kit.open_forecast(engagement / "f"))]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) > 1


def test_forecast__ends_with_the_verdict_and_names_what_no_sync_covers(engagement: Path) -> None:
    printed = _lines("forecast", engagement / "s", "--settings", engagement / "dynsync.toml", "--out", engagement / "g")
    assert printed[-1] == _VERDICT
    assert [line for line in printed if line.startswith("No sync covers")] == list(_UNCOVERED)


def test_json__has_verdict_and_uncovered_records(engagement: Path) -> None:
    result = CliRunner().invoke(app, ["audit", "--forecast", str(engagement / "f"), "--json"])
    answer = json.loads(result.stdout)
    assert answer["light"]["level"] == "go_with_conditions"
    assert answer["uncovered"] == {
        "objects": [
            {"system": "dynamics", "object": "deal", "records": 1},
            {"system": "hubspot", "object": "deal", "records": 2},
        ],
        "tables": [_UNCOVERED[1]],
    }


def test_forecast__of_everything_covered_says_nothing_of_it(engagement: Path, tmp_path: Path) -> None:
    load_portals(tmp_path, {name: text for name, text in _FILES.items() if name.endswith("contacts")})
    printed = _lines("forecast", tmp_path / "s", "--settings", engagement / "dynsync.toml", "--out", tmp_path / "f")
    assert not [line for line in printed if line.startswith("No sync covers")]
