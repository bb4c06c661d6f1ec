"""A demo replaces an earlier demo, and nothing that somebody has worked on."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib.errors import UsageError
from dynsync_lib.kit.demo_folder import replaced_demo
from dynsync_lib.report.runner import REPORT_FILE

_REPORT = f"{REPORT_FILE.start}\n{REPORT_FILE.mark}\n"


def _demo(out: Path, text: str, *, fails: type[BaseException] | None = None) -> None:
    with replaced_demo(out) as new:
        (new / "snapshot" / "hubspot").mkdir(parents=True)
        (new / "snapshot" / "hubspot" / "contacts.parquet").write_text("", encoding="utf-8")
        (new / "snapshot" / "manifest.json").write_text("{}", encoding="utf-8")
        (new / "dynsync.toml").write_text(text, encoding="utf-8")
        (new / "report.html").write_text(_REPORT, encoding="utf-8")
        if fails:
            raise fails


def test_replaced_demo__replaces_a_demo(tmp_path: Path) -> None:
    _demo(tmp_path / "demo", "# old")
    _demo(tmp_path / "demo", "# new")
    assert (tmp_path / "demo" / "dynsync.toml").read_text(encoding="utf-8") == "# new"
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_replaced_demo__an_interrupted_one_keeps_what_was_there(tmp_path: Path) -> None:
    _demo(tmp_path / "demo", "# old")
    with pytest.raises(KeyboardInterrupt):
        _demo(tmp_path / "demo", "# new", fails=KeyboardInterrupt)
    assert (tmp_path / "demo" / "dynsync.toml").read_text(encoding="utf-8") == "# old"
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("dynsync.toml", r"dynsync\.toml was changed after the kit wrote it"),
        ("snapshot/manifest.json", r"manifest\.json was changed after the kit wrote it"),
        ("demo.json", "holds something else than a demo"),
        ("report.html", r"report\.html exists already and is not a report"),
        ("letters.txt", r"holds letters\.txt, which is no part of a demo"),
        ("snapshot/hubspot/mine.parquet", r"mine\.parquet, which is no part of a demo"),
        ("forecast/forecast.json", "holds something else than a forecast"),
    ],
)
def test_replaced_demo__keeps_what_somebody_has_worked_on(tmp_path: Path, name: str, sentence: str) -> None:
    _demo(tmp_path / "demo", "# old")
    file = tmp_path / "demo" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=sentence):
        _demo(tmp_path / "demo", "# new")
    assert file.read_text(encoding="utf-8") == "mine"


def test_replaced_demo__refuses_an_engagement(tmp_path: Path) -> None:
    (tmp_path / "acme" / "snapshot").mkdir(parents=True)
    (tmp_path / "acme" / "dynsync.toml").write_text("# mine", encoding="utf-8")
    with pytest.raises(UsageError, match="acme holds something else than a demo"):
        _demo(tmp_path / "acme", "# new")
