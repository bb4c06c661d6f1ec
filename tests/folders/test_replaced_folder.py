"""A folder is replaced when the new one is whole, and only by one of its kind."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dynsync_lib.errors import UsageError
from dynsync_lib.folders.exchange import put_back
from dynsync_lib.folders.own_folder import Content, FolderKind
from dynsync_lib.folders.replaced_folder import replaced_folder
from dynsync_lib.folders.temporary_folder import bring_back


def _names(content: Content) -> re.Pattern[str] | None:
    return re.compile(r"table\.csv|sub/(a)?") if content.get("kind") == "forecast" else None


KIND = FolderKind("a forecast", "mark.json", _names)


def _fill(out: Path, text: str, *, fails: type[BaseException] | None = None) -> None:
    with replaced_folder(out, KIND) as folder:
        (folder.work / "on the way").write_text("", encoding="utf-8")
        (folder.new / "mark.json").write_text(json.dumps({"kind": "forecast", "text": text}), encoding="utf-8")
        (folder.new / "table.csv").write_text("", encoding="utf-8")
        if fails:
            raise fails


def _text(out: Path) -> str:
    return str(json.loads((out / "mark.json").read_text(encoding="utf-8"))["text"])


def test_replaced_folder__takes_the_name_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    _fill(out, "old")
    (out / ".DS_Store").write_text("", encoding="utf-8")
    _fill(out, "new")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
    assert sorted(path.name for path in out.iterdir()) == ["mark.json", "table.csv"]
    assert _text(out) == "new"


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_replaced_folder__an_error_leaves_what_was_there(tmp_path: Path, fault: type[BaseException]) -> None:
    _fill(tmp_path / "out", "old")
    with pytest.raises(fault):
        _fill(tmp_path / "out", "new", fails=fault)
    assert _text(tmp_path / "out") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_replaced_folder__an_interruption_of_the_exchange_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(tmp_path / "out", "old")
    replace = os.replace

    def interrupted(source: Path, target: Path) -> None:
        if Path(source).name == "new":
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _fill(tmp_path / "out", "new")
    assert _text(tmp_path / "out") == "old"


_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.folders import test_replaced_folder as tests
renames, last, replace = iter(range(9)), int(sys.argv[2]), os.replace
def killed(source, target):
    if next(renames) == last:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = killed
tests._fill(Path(sys.argv[1]), "new")
"""


@pytest.mark.parametrize("renames", [0, 1])
@pytest.mark.parametrize("reads", [True, False])
def test_replaced_folder__a_kill_in_the_exchange_is_put_right_at_the_next_start(
    tmp_path: Path, renames: int, *, reads: bool
) -> None:
    out = tmp_path / "out"
    _fill(out, "old")
    root = Path(__file__).parents[2]
    call = [sys.executable, "-c", _KILLED, str(out), str(renames)]
    assert subprocess.run(call, cwd=root, check=False).returncode == -signal.SIGKILL
    assert (_text(out) == "old") if renames == 0 else not out.exists()
    if reads:
        bring_back(out / "mark.json")
        assert out.exists()
    else:
        with pytest.raises(RuntimeError):
            _fill(out, "newer", fails=RuntimeError)
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert _text(out) == "old"


def test_put_back__does_not_take_a_name_that_something_has_by_then_nor_one_elsewhere(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "old").mkdir(parents=True)
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    for name in ("out", "../out2", "..", "", None, ["x"], str(tmp_path / "out3")):
        (work / "exchange.json").write_text(json.dumps({"name": name}), encoding="utf-8")
        put_back(work)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "work"]
    assert (work / "old").is_dir()


def test_replaced_folder__what_cannot_be_put_back_is_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(tmp_path / "out", "old")
    replace = os.replace

    def refused(source: Path, target: Path) -> None:
        if Path(target).name == "out":
            raise PermissionError
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refused)
        with pytest.raises(PermissionError):
            _fill(tmp_path / "out", "new")
    bring_back(tmp_path / "out")
    assert _text(tmp_path / "out") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_replaced_folder__fills_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    _fill(tmp_path / "out", "new")
    assert (tmp_path / "out" / "mark.json").is_file()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277, 0o777])
def test_replaced_folder__is_private_under_any_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with replaced_folder(tmp_path / "out", KIND) as folder:
            (folder.new / "mark.json").write_text('{"kind": "forecast"}', encoding="utf-8")
            modes = [path.lstat().st_mode for path in (folder.work, folder.new, folder.new / "mark.json")]
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    modes.append((tmp_path / "out").stat().st_mode)
    assert [oct(stat.S_IMODE(mode)) for mode in modes] == ["0o700", "0o700", "0o600", "0o700"]


@pytest.mark.parametrize("is_file", [True, False])
def test_replaced_folder__refuses_anything_else(tmp_path: Path, *, is_file: bool) -> None:
    out = tmp_path / "out"
    if not is_file:
        out.mkdir()
    (out if is_file else out / "letters.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"out (is a file and )?holds something else than a forecast\."):
        _fill(out, "new")


@pytest.mark.parametrize("mark", ["", "[]", "{}", '{"kind": "novel"}', "[" * 100_000])
def test_replaced_folder__refuses_a_mark_whose_content_does_not_fit(tmp_path: Path, mark: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mark.json").write_text(mark, encoding="utf-8")
    with pytest.raises(UsageError, match=r"out holds something else than a forecast\."):
        _fill(out, "new")
    assert (out / "mark.json").read_text(encoding="utf-8") == mark


@pytest.mark.parametrize("foreign", ["letters.txt", "sub/b", "Table.csv", "table.csv.bak", "new/"])
def test_replaced_folder__refuses_what_holds_more_than_the_mark_names(tmp_path: Path, foreign: str) -> None:
    out = tmp_path / "out"
    _fill(out, "old")
    file = out / foreign
    file.parent.mkdir(exist_ok=True)
    file.mkdir() if foreign.endswith("/") else file.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=f"out holds {foreign}, which is no part of a forecast"):
        _fill(out, "new")
    assert file.exists()
    assert _text(out) == "old"


def test_replaced_folder__refuses_what_came_into_it_meanwhile(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _fill(out, "old")
    block = replaced_folder(out, KIND)
    block.__enter__()
    (out / "letters.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"out holds letters\.txt"):
        block.__exit__(None, None, None)
    assert _text(out) == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("where", ["itself", "mark", "table"])
def test_replaced_folder__follows_no_link(tmp_path: Path, where: str) -> None:
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    _fill(elsewhere, "mine")
    if where == "itself":
        out.symlink_to(elsewhere)
    else:
        _fill(out, "old")
        name = "mark.json" if where == "mark" else "table.csv"
        (out / name).unlink()
        (out / name).symlink_to(elsewhere / name)
    with pytest.raises(UsageError):
        _fill(out, "new")
    assert _text(elsewhere) == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "out"]
