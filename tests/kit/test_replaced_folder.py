"""A folder is replaced when the new one is whole, and only by one of its kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib.errors import UsageError
from dynsync_lib.forecasts.replaced_folder import replaced_folder


def _fill(out: Path, text: str, *, fails: bool = False) -> None:
    with replaced_folder(out, known_by="mark.json", what="a forecast") as folder:
        (folder.work / "on the way").write_text("", encoding="utf-8")
        (folder.new / "mark.json").write_text(text, encoding="utf-8")
        if fails:
            raise RuntimeError


def test_replaced_folder__takes_the_name_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    _fill(out, "old")
    (out / "more.txt").write_text("", encoding="utf-8")
    _fill(out, "new")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
    assert [(path.name, path.read_text(encoding="utf-8")) for path in out.iterdir()] == [("mark.json", "new")]


def test_replaced_folder__an_error_leaves_what_was_there(tmp_path: Path) -> None:
    _fill(tmp_path / "out", "old")
    with pytest.raises(RuntimeError):
        _fill(tmp_path / "out", "new", fails=True)
    assert (tmp_path / "out" / "mark.json").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_replaced_folder__fills_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    _fill(tmp_path / "out", "new")
    assert (tmp_path / "out" / "mark.json").is_file()


@pytest.mark.parametrize("is_file", [True, False])
def test_replaced_folder__refuses_anything_else(tmp_path: Path, *, is_file: bool) -> None:
    out = tmp_path / "out"
    if not is_file:
        out.mkdir()
    (out if is_file else out / "letters.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"out holds something else than a forecast\."):
        _fill(out, "new")
