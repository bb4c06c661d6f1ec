"""What the kit wrote is found by its marks, and removed when its time is over; nothing else is ever touched."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from dynsync_lib import kit
from dynsync_lib.cli.commands import app
from dynsync_lib.errors import UsageError
from dynsync_lib.folders.unfinished_folder import make_unfinished
from tests.worklist.small_worklist import small_forecast

LATE = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An engagement's folder with one thing of each kind that the small portals give, and strangers."""
    folder = tmp_path_factory.mktemp("engagement")
    forecast = small_forecast(folder)
    kit.worklist(forecast, folder / "worklist.xlsx", names=True)
    filled = Path(shutil.copy(folder / "worklist.xlsx", folder / "filled.xlsx"))
    book = openpyxl.load_workbook(filled)
    book["Near names"]["A2"] = "fix"
    book.save(filled)
    kit.import_worklist(filled, forecast, fixes=folder / "fixes")
    kit.go_live_pack(forecast, folder / "pack")
    (folder / "notes.xlsx").write_bytes(b"notes")
    return folder


@pytest.fixture
def engagement(written: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may purge."""
    return Path(shutil.copytree(written, tmp_path / "engagement"))


def states(purged: kit.Purge) -> dict[str, str]:
    """What became of each thing, by its path below the folder."""
    return {row.path.relative_to(purged.folder).as_posix(): row.state for row in purged.rows}


def test_purge__lists_what_is_past_its_date_and_touches_nothing(written: Path) -> None:
    before = sorted(written.rglob("*"))
    purged = kit.purge(written, days=90, now=LATE)
    assert states(purged) == dict.fromkeys(
        ("forecast.decisions.json", "filled.xlsx", "worklist.xlsx", "fixes", "pack", "forecast", "s"), "due"
    )
    assert sorted(written.rglob("*")) == before


def test_purge__removes_what_bears_the_mark_and_nothing_else(engagement: Path) -> None:
    purged = kit.purge(engagement, days=90, now=LATE, yes=True)
    assert purged.count("removed") == 7
    left = {path.relative_to(engagement).as_posix() for path in engagement.rglob("*") if path.is_file()}
    assert {"dynsync.toml", "notes.xlsx"} <= left
    assert not any(name.endswith((".parquet", ".decisions.json", "filled.xlsx", "worklist.xlsx")) for name in left)
    assert kit.purge(engagement, days=90, now=LATE).rows == ()


def test_purge__keeps_to_the_last_moment(written: Path) -> None:
    (snapshot,) = (row for row in kit.purge(written, days=90, now=LATE).rows if row.kind == "a snapshot")
    assert snapshot.data_of is not None
    assert snapshot.until == snapshot.data_of + timedelta(days=90)
    assert set(states(kit.purge(written, days=90, now=snapshot.until)).values()) == {"later"}


def test_purge__leaves_what_somebody_put_something_into(engagement: Path) -> None:
    (engagement / "forecast/mine.txt").write_text("mine", encoding="utf-8")
    book = openpyxl.load_workbook(engagement / "filled.xlsx")
    book.create_sheet("Mine")
    book.save(engagement / "filled.xlsx")
    purged = kit.purge(engagement, days=90, now=LATE, yes=True)
    stays = {row.path.name: row.why for row in purged.rows if row.state == "stays"}
    assert stays == {
        "filled.xlsx": "It has sheets that are none of a worklist: Mine.",
        "forecast": f"{engagement / 'forecast'} holds mine.txt, which is no part of a forecast.",
    }
    assert (engagement / "forecast/mine.txt").is_file()
    assert (engagement / "forecast/outcomes.parquet").is_file()


def test_purge__goes_on_after_an_interruption(engagement: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(path: Path) -> None:
        raise KeyboardInterrupt(path)

    with monkeypatch.context() as interrupted:
        interrupted.setattr(shutil, "rmtree", stopped)
        with pytest.raises(KeyboardInterrupt):
            kit.purge(engagement, days=90, now=LATE, yes=True)
    assert not (engagement / "fixes/hubspot-company-name.csv").exists()
    assert (engagement / "fixes/fixes.json").is_file()
    kit.purge(engagement, days=90, now=LATE, yes=True)
    assert kit.purge(engagement, days=90, now=LATE).rows == ()


def test_purge__what_has_no_date_stays_and_is_named(engagement: Path) -> None:
    decisions = engagement / "forecast.decisions.json"
    content = json.loads(decisions.read_bytes())
    decisions.write_text(json.dumps({**content, "taken_at": None}), encoding="utf-8")
    purged = kit.purge(engagement, days=90, now=LATE, yes=True)
    assert states(purged)["forecast.decisions.json"] == "not_known"
    assert decisions.is_file()


def test_purge__an_unfinished_pull_has_no_date_and_is_named(tmp_path: Path) -> None:
    make_unfinished(tmp_path / "s.part", "pull")
    (tmp_path / "s.part/journal.json").write_text("{}", encoding="utf-8")
    (row,) = kit.purge(tmp_path, days=0, now=LATE, yes=True).rows
    assert (row.kind, row.state, row.data_of) == ("an unfinished pull or snapshot", "not_known", None)
    assert (tmp_path / "s.part/journal.json").is_file()


def test_purge__follows_no_link(engagement: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/link").symlink_to(engagement / "forecast", target_is_directory=True)
    (tmp_path / "other/worklist.xlsx").symlink_to(engagement / "worklist.xlsx")
    assert kit.purge(tmp_path / "other", days=0, now=LATE, yes=True).rows == ()


def test_purge__a_rehearsal_that_was_begun_stays(tmp_path: Path, written: Path) -> None:
    digest = json.loads((written / "forecast/forecast.json").read_bytes())["snapshot_sha256"]
    shutil.copytree(written / "s", tmp_path / "s")
    (tmp_path / "rehearsal").mkdir()
    mark = {"tag": "0123456789abcdef", "snapshot_sha256": digest, "settings_sha256": digest}
    (tmp_path / "rehearsal/rehearsal.json").write_text(json.dumps(mark), encoding="utf-8")
    assert states(kit.purge(tmp_path, days=90, now=LATE))["rehearsal"] == "due"
    (tmp_path / "rehearsal/journal.jsonl").write_text("", encoding="utf-8")
    (row,) = (row for row in kit.purge(tmp_path, days=90, now=LATE).rows if row.kind == "a rehearsal")
    assert (row.state, row.why) == ("stays", "It was begun: run `dynsync rehearse clean`, then remove it by hand.")


def test_purge__the_settings_say_for_how_many_days(written: Path, tmp_path: Path) -> None:
    settings = tmp_path / "dynsync.toml"
    settings.write_text("[privacy]\nretention_days = 30\n", encoding="utf-8")
    assert kit.purge(written, settings=settings, now=LATE).days == 30
    settings.write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="does not say for how many days customers' data is kept"):
        kit.purge(written, settings=settings)
    for days, nearest in ((-1, "Name 0 or more."), (36_501, "Name 36,500 or fewer.")):
        with pytest.raises(UsageError, match=f"{days:,} is no number of days from 0 to 36,500") as refused:
            kit.purge(written, days=days)
        assert refused.value.next_step == nearest
    with pytest.raises(UsageError, match="nowhere is no folder"):
        kit.purge("nowhere")  # said first, whatever else is missing


def test_command__prints_what_there_is_as_json_and_as_a_list(written: Path) -> None:
    shown = CliRunner().invoke(app, ["purge", str(written), "--days", "36500", "--json"])
    told = json.loads(shown.stdout)
    assert (shown.exit_code, told["due"], told["later"], len(told["rows"])) == (0, 0, 7, 7)
    assert set(told["rows"][0]) == {"kind", "path", "data_of", "until", "state", "why"}
    assert [row["kind"] for row in told["rows"]][-3:] == ["go-live pack", "forecast", "snapshot"]
    assert "may stay" in CliRunner().invoke(app, ["purge", str(written), "--days", "36500"]).stdout
