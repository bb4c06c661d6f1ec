"""`dynsync verify`: what it prints, and its exit code."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dynsync_lib import kit
from dynsync_lib.cli.commands import app
from dynsync_lib.errors import UsageError
from tests.kit.small_portals import TAKEN_AT, load_portals

FILES = {
    "h/contacts": "hs_object_id,email\n1,ann@c.example\n",
    "d/contacts": "contactid,emailaddress1\nd1,ann@c.example\n",
}
NEW = {**FILES, "d/contacts": "contactid,emailaddress1\nd1,ann@c.example\nd2,bob@c.example\n"}


def _verify(folder: Path, *more: str, settings: str = "[sync.contact]\n") -> tuple[int, str]:
    """Exit code and what is printed of the forecast of `s`, held against another snapshot of the same records."""
    (folder / "dynsync.toml").write_text(settings, encoding="utf-8")
    kit.forecast(folder / "s", folder / "dynsync.toml", folder / "f")
    paths = [str(folder / "s"), str(folder / "later/s"), "--forecast", str(folder / "f")]
    result = CliRunner().invoke(app, ["verify", *paths, *more])
    return result.exit_code, result.stdout


def _load_twice(folder: Path, files: dict[str, str]) -> None:
    load_portals(folder, files)
    load_portals(folder / "later", files, taken_at=TAKEN_AT + timedelta(days=1))


def test_every_prediction_holds__code_0(tmp_path: Path) -> None:
    _load_twice(tmp_path, FILES)
    code, printed = _verify(tmp_path, "--json", "--out", str(tmp_path / "v"))
    figures = json.loads(printed)
    assert (code, figures["hits"], figures["misses"], figures["accuracy"]) == (0, 2, 0, 1.0)
    assert sorted(path.name for path in (tmp_path / "v").iterdir()) == ["receipt.parquet", "verification.json"]


@pytest.mark.parametrize("after", ["s", "copy"])
def test_one_snapshot_twice__is_refused(tmp_path: Path, after: str) -> None:
    load_portals(tmp_path, FILES)
    shutil.copytree(tmp_path / "s", tmp_path / "copy")
    arguments = [str(tmp_path / "s"), str(tmp_path / after), "--forecast", str(tmp_path / "f")]
    result = CliRunner().invoke(app, ["verify", *arguments, "--out", str(tmp_path / "v")])
    assert isinstance(result.exception, UsageError)
    assert str(result.exception).endswith(" are the same snapshot, so that nothing was synced in between.")
    assert not (tmp_path / "v").exists()


def test_one_snapshot_twice__is_refused_by_the_kit_in_the_same_words(tmp_path: Path) -> None:
    snapshot = load_portals(tmp_path, FILES)
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    forecast = kit.forecast(snapshot, tmp_path / "dynsync.toml", tmp_path / "f")
    with pytest.raises(UsageError) as caught:
        kit.verify(snapshot, tmp_path / "s", forecast)
    said = f"{tmp_path / 's'} and {tmp_path / 's'} are the same snapshot, so that nothing was synced in between."
    assert (str(caught.value), caught.value.next_step) == (
        said,
        "Name as the second one a snapshot that was taken after the sync.",
    )


def test_a_miss__code_1(tmp_path: Path) -> None:
    _load_twice(tmp_path, NEW)
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


def test_nothing_changed__is_said_instead_of_a_plain_accuracy(tmp_path: Path) -> None:
    _load_twice(tmp_path, FILES)
    _, printed = _verify(tmp_path)
    assert "changed in between (records, mapped values, associations): was the sync on?" in " ".join(printed.split())
    assert "Accuracy: not tested by the sync (100.00% of 2, with nothing changed)" in printed


def test_mappings__of_which_a_snapshot_lacks_a_column_are_named(tmp_path: Path) -> None:
    """The first snapshot holds all, the second no `jobtitle`; one value changed, so that something did."""
    load_portals(
        tmp_path,
        {
            "h/contacts": "hs_object_id,email,jobtitle,firstname\n1,ann@c.example,Boss,Ann\n",
            "d/contacts": "contactid,emailaddress1,jobtitle,firstname\nd1,ann@c.example,Chief,\n",
        },
    )
    later = {
        "h/contacts": "hs_object_id,email,jobtitle,firstname\n1,ann@c.example,Chief,Ann\n",
        "d/contacts": "contactid,emailaddress1,firstname\nd1,ann@c.example,Ann\n",
    }
    load_portals(tmp_path / "later", later, taken_at=TAKEN_AT + timedelta(days=1))
    pairs = (("email", "emailaddress1"), ("firstname", "firstname"), ("jobtitle", "jobtitle"))
    mappings = "".join(
        f"[[sync.contact.mapping]]\nhubspot = '{ours}'\ndynamics = '{theirs}'\n" for ours, theirs in pairs
    )
    settings = f"[sync.contact]\ndefault_mappings = false\n{mappings}"
    figures = json.loads(_verify(tmp_path, "--json", settings=settings)[1])
    assert (figures["mappings"], figures["nothing_changed"]) == (3, False)
    assert figures["mappings_not_compared"] == [
        {"object": "contact", "hubspot_field": "jobtitle", "dynamics_field": "jobtitle"}
    ]
    _, printed = _verify(tmp_path, settings=settings)
    assert "Not checked: 1 of 3 mappings was not compared: contact jobtitle / jobtitle." in " ".join(printed.split())
