"""Rights in Dynamics: what a pull tells of its user, and what an administrator answers about the sync's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.errors import SnapshotError
from tests.everyday import one_of_each
from tests.kit.small_portals import load_portals

FILES = {
    "h/contacts": "hs_object_id,email\n1,ann@c.example\n",
    "d/contacts": "contactid,emailaddress1\nc-1,ann@c.example\n",
}
WHOLE = {"prvReadContact": "Global", "prvCreateContact": "Global", "prvWriteContact": "Global"}
SYNC_USER = ("not_checked", None, "Whether the user of the sync may create and write in Dynamics is not known.")
ROWS = ("not_checked", None, "Whether the user who pulled sees all rows of Dynamics is not known.")
IN_PART = (
    "blocker",
    1,
    "1 table of Dynamics was read in part only: the user who pulled may not read all its rows"
    " (prvReadContact is Basic).",
)
LACKING = (
    "high",
    2,
    "The person who pulled lacks 2 rights to write what the sync writes (prvCreateContact, prvWriteContact); if the"
    " sync signs in as that person, its writes fail.",
)
FORBIDDEN = (
    "blocker",
    1,
    "The user of the sync may not create and write every table of Dynamics that the sync writes to.",
)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot whose manifest tests rewrite, as if it had been pulled by users of several rights."""
    return load_portals(tmp_path_factory.mktemp("rights"), FILES).path


def _say_caller(snapshot: Path, caller: object) -> None:
    file = snapshot / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "dynamics_caller": caller}), encoding="utf-8")


def _findings(snapshot: Path, caller: dict[str, Any], settings: str) -> list[tuple[Any, ...]]:
    _say_caller(snapshot, caller)
    (snapshot.parent / "dynsync.toml").write_text(settings, encoding="utf-8")
    forecast = kit.forecast(snapshot, snapshot.parent / "dynsync.toml", snapshot.parent / "f")
    rows = forecast.rows("findings", where={"check_id": "G50"})
    return [(row["severity"], row["count"], row["sentence"]) for row in rows]


@pytest.mark.parametrize(
    ("privileges", "is_person", "settings", "said"),
    one_of_each(
        [
            (None, True, "[sync.contact]\n", [ROWS, SYNC_USER]),
            (WHOLE, True, "[sync.contact]\n", [ROWS, SYNC_USER]),
            ({**WHOLE, "prvReadContact": "Basic"}, False, "[sync.contact]\n", [IN_PART, ROWS, SYNC_USER]),
            ({"prvReadContact": "Global"}, False, "[sync.contact]\n", [ROWS, SYNC_USER]),
            ({"prvReadContact": "Global"}, True, "[sync.contact]\n", [LACKING, ROWS, SYNC_USER]),
            ({"prvReadContact": "Global"}, True, "[sync.contact]\ndirection = 'to_hubspot'\n", [ROWS]),
            ({"prvReadContact": "Global"}, True, "[answers]\nsync_user_may_write = true\n[sync.contact]\n", [ROWS]),
            (WHOLE, True, "[answers]\nsync_user_may_write = false\n[sync.contact]\n", [FORBIDDEN, ROWS]),
        ],
        lambda *case: str(case[-1]),
    ),
)
def test_findings(
    snapshot: Path, privileges: dict[str, str] | None, is_person: object, settings: str, said: list[tuple[Any, ...]]
) -> None:
    caller = {"is_person": is_person, "privileges": privileges}
    assert sorted(_findings(snapshot, caller, settings), key=str) == sorted(said, key=str)


def test_go_live_pack__says_whose_right_is_lacking(snapshot: Path) -> None:
    caller = {"is_person": True, "privileges": {"prvReadContact": "Basic"}}
    assert len(_findings(snapshot, caller, "[sync.contact]\n")) == 4
    assert _states(snapshot) == ["lacking, if the sync signs in as the user who pulled"] * 2
    _findings(snapshot, caller, "[answers]\nsync_user_may_write = true\n[sync.contact]\n")
    assert _states(snapshot)[1] == "there, as an administrator answered"


def _states(snapshot: Path) -> list[object]:
    import openpyxl

    pack = kit.go_live_pack(kit.open_forecast(snapshot.parent / "f"), snapshot.parent / "pack")
    lines = [list(line) for line in openpyxl.load_workbook(pack.folder / "go_live.xlsx")["Rights"].values]
    column = lines[0].index("State")
    return [line[column] for line in lines[1:] if line[0] == "Dynamics"]


def test_manifest__with_other_rights_than_texts_is_refused(tmp_path: Path) -> None:
    path = load_portals(tmp_path, FILES).path
    _say_caller(path, {"is_person": "yes", "privileges": None})
    with pytest.raises(SnapshotError, match=r"`dynamics_caller\.is_person` is not true or false"):
        kit.open_snapshot(path)
