"""What an earlier state of the kit wrote still opens, or is refused with a sentence that says what to run again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.core.tables import FORECAST_TABLES
from dynsync_lib.errors import SettingsError, SnapshotError

WRITTEN = Path(__file__).parent / "written_earlier"
SETTINGS, SNAPSHOT, FORECAST = WRITTEN / "dynsync.toml", WRITTEN / "snapshot", WRITTEN / "forecast"
SHOWN = ("outcome_table", "findings_table", "mapping_table", "changes_table", "collisions_table", "near_names_table")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of all of it, to spoil."""
    return Path(shutil.copytree(WRITTEN, tmp_path / "earlier"))


@pytest.fixture(scope="module")
def forecast(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    """The forecast as this kit makes it."""
    return kit.forecast(SNAPSHOT, SETTINGS, tmp_path_factory.mktemp("today") / "forecast")


def test_snapshot_and_settings__make_the_same_forecast_again(forecast: kit.Forecast) -> None:
    """Except what only later versions say: of columns that were not delivered, of what an administrator answers, and
    what to do where something was not checked.
    """
    earlier = kit.open_forecast(FORECAST)
    names = [name for name in FORECAST_TABLES if name not in {"mapping", "findings", "sensitivity"}]
    assert {name: forecast.rows(name) for name in names} == {name: earlier.rows(name) for name in names}
    verdicts = {
        (before["verdict"], now["verdict"])
        for before, now in zip(earlier.rows("mapping"), forecast.rows("mapping"), strict=True)
        if before["verdict"] != now["verdict"]
    }
    assert verdicts == {("ok", "not_checked")}
    later = {"G19", "G33", "G49", "G54", "G56", "G60", "G61", "G64", "G66", "G68"}
    asked_later = ("G50", "record.privilege")
    findings = [
        row
        for row in forecast.rows("findings")
        if row["check_id"] not in later and (row["check_id"], row["rule_id"]) != asked_later
    ]
    assert _without_later_fixes(findings) == _without_later_fixes(earlier.rows("findings"))


def _without_later_fixes(findings: list[Any]) -> list[Any]:
    return [{**row, "fix": row["fix"] if row["severity"] != "not_checked" else None} for row in findings]


def test_snapshot_and_settings__move_alike_under_the_questions_of_that_time(forecast: kit.Forecast) -> None:
    today, earlier = (_moved(told) for told in (forecast, kit.open_forecast(FORECAST)))
    assert {choice: today[choice] for choice in earlier if choice in today} == {
        choice: count for choice, count in earlier.items() if choice in today
    }
    assert set(earlier) - set(today) == {("secondary_email", "ignore")}


def _moved(forecast: kit.Forecast) -> dict[tuple[str, str], int]:
    """How many outcomes each other choice changes."""
    rows = forecast.rows("sensitivity")
    return {(row["assumption_id"], row["choice"]): row["outcomes_changed"] for row in rows}


def test_forecast__opens_shows_and_explains() -> None:
    forecast = kit.open_forecast(FORECAST)
    assert kit.six_figures(forecast).as_dict() == {
        "created_in_hubspot": 2,
        "created_in_dynamics": 0,
        "updated": 2,
        "fields_overwritten": 2,
        "shadowed": 1,
        "failing": 0,
    }
    for name in SHOWN:
        assert getattr(kit, name)(forecast.masked())._repr_html_()
    assert [chain.outcome for chain in kit.explain(forecast, "ada@example.com")] == ["update", "update", "shadowed"]
    assert list(forecast.outcomes["record_id"])[0:2] == [row["record_id"] for row in forecast.rows("outcomes", limit=2)]


def test_forecast__its_pairs_are_bindings(tmp_path: Path) -> None:
    forecast = kit.forecast(SNAPSHOT, SETTINGS, tmp_path / "forecast", bindings=FORECAST)
    assert kit.six_figures(forecast).as_dict()["updated"] == 2


def test_snapshot__of_another_version_is_refused(copy: Path) -> None:
    manifest = copy / "snapshot" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text(encoding="utf-8")), "schema_version": 0}))
    with pytest.raises(SnapshotError, match="is of schema version 0") as caught:
        kit.open_snapshot(copy / "snapshot")
    assert caught.value.next_step == "Take the snapshot again with this kit."


def test_settings__with_a_key_that_is_gone_are_refused(copy: Path) -> None:
    file = copy / "dynsync.toml"
    file.write_text(file.read_text(encoding="utf-8") + "\n[assumptions.gone]\nx = 1\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"dynsync\.toml"):
        kit.read_settings(file)


def _without_table(folder: Path) -> None:
    (folder / "sensitivity.parquet").unlink()


def _with_broken_info(folder: Path) -> None:
    (folder / "forecast.json").write_text("{", encoding="utf-8")


def _with_a_list_as_info(folder: Path) -> None:
    (folder / "forecast.json").write_text("[]", encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_without_table, r"forecast is not a whole forecast of this kit: it lacks sensitivity\.parquet\."),
        (_with_broken_info, r"forecast is not a whole forecast of this kit: its forecast\.json cannot be read\."),
        (_with_a_list_as_info, r"forecast is not a whole forecast of this kit: its forecast\.json cannot be read\."),
    ],
)
def test_forecast__that_is_not_whole_is_refused(copy: Path, spoil: Callable[[Path], None], sentence: str) -> None:
    spoil(copy / "forecast")
    with pytest.raises(SnapshotError, match=sentence) as caught:
        kit.open_forecast(copy / "forecast")
    assert caught.value.next_step == "Make it again with `dynsync forecast`."
