"""A temporary folder is private, gone at the end, and removed by the next start when its process was killed."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dynsync_lib.folders.temporary_folder import MARK, TemporaryFolder, remove_left_folders, temporary_folder

_KILLED = """
import os, signal, sys
from pathlib import Path
from dynsync_lib.folders.temporary_folder import TemporaryFolder
folder = TemporaryFolder(Path(sys.argv[1]))
(folder.path / "page").write_text("a person")
os.kill(os.getpid(), signal.SIGKILL)
"""


def _killed(parent: Path) -> Path:
    """A folder that a killed process left."""
    subprocess.run([sys.executable, "-c", _KILLED, str(parent)], check=False)
    (folder,) = parent.glob("dynsync-*")
    assert (folder / "page").read_text(encoding="utf-8") == "a person"
    return folder


def test_temporary_folder__is_private_and_gone_at_the_end(tmp_path: Path) -> None:
    with temporary_folder(tmp_path) as folder:
        (folder / "deep" / "er").mkdir(parents=True)
        (folder / "deep" / "page").write_text("a person", encoding="utf-8")
        modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in (folder, *folder.rglob("*"))}
    assert modes.pop(folder.name) == "0o700"
    assert modes == {MARK: "0o600", "deep": "0o700", "er": "0o700", "page": "0o600"}
    assert list(tmp_path.iterdir()) == []


def test_temporary_folder__what_a_killed_process_left_goes_with_the_next_start(tmp_path: Path) -> None:
    left = _killed(tmp_path)
    with temporary_folder(tmp_path):
        assert not left.exists()


def test_temporary_folder__those_in_use_stay(tmp_path: Path) -> None:
    code = _KILLED.replace("os.kill(os.getpid(), signal.SIGKILL)", "print(flush=True); sys.stdin.read()")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        own = TemporaryFolder(tmp_path)
        with temporary_folder(tmp_path):
            assert len(list(tmp_path.glob("dynsync-*/page"))) == 1
            assert own.path.is_dir()
        own.close()


@pytest.mark.parametrize("change", ["copy", "no mark", "empty mark", "other mark", "link", "link in place of the mark"])
def test_remove_left_folders__touches_nothing_else(tmp_path: Path, change: str) -> None:
    parent, left = tmp_path / "parent", tmp_path / "left"
    parent.mkdir()
    left.mkdir()
    folder = _killed(left)
    mine = parent / "dynsync-mine"
    if change == "link":
        mine.symlink_to(folder)
    else:
        shutil.copytree(folder, mine)
    if change in {"no mark", "link in place of the mark"}:
        (mine / MARK).unlink()
    if change == "link in place of the mark":
        (mine / MARK).symlink_to(folder / MARK)
    if change in {"empty mark", "other mark"}:
        (mine / MARK).write_text("" if change == "empty mark" else json.dumps({"folder": mine.name}), encoding="utf-8")
    remove_left_folders(parent)
    assert (mine / "page").read_text(encoding="utf-8") == "a person"


def test_temporary_folder__removes_links_and_not_what_they_lead_to(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letters.txt").write_text("mine", encoding="utf-8")
    with temporary_folder(tmp_path) as folder:
        (folder / "link").symlink_to(tmp_path / "mine")
    assert (tmp_path / "mine" / "letters.txt").exists()
    assert not os.path.lexists(folder)


def test_temporary_folder__that_cannot_be_made_names_what_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError) as missing, temporary_folder(tmp_path / "none"):
        pass
    assert missing.value.filename == str(tmp_path / "none")

    def refuse(number: int) -> None:
        def mkdir(path: str, _: int) -> None:
            raise OSError(number, os.strerror(number), path)

        monkeypatch.setattr(os, "mkdir", mkdir)

    refuse(errno.EACCES)
    with pytest.raises(PermissionError) as denied, temporary_folder(tmp_path):
        pass
    assert (denied.value.filename, denied.value.strerror) == (str(tmp_path), "Permission denied")
    refuse(errno.ENOENT)  # as /proc does
    with pytest.raises(PermissionError) as odd, temporary_folder(tmp_path):
        pass
    assert (odd.value.filename, odd.value.strerror) == (str(tmp_path), "no folder can be made in it")


def test_temporary_folder__errors_in_it_name_what_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as missing, temporary_folder(tmp_path) as folder:
        (folder / "none").read_text(encoding="utf-8")
    assert missing.value.filename == str(tmp_path)
    (tmp_path / "there").mkdir()
    with pytest.raises(OSError, match="there") as taken, temporary_folder(tmp_path) as outer, temporary_folder(outer):
        os.replace(outer / MARK, tmp_path / "there")
    assert (taken.value.filename, taken.value.filename2) == (str(tmp_path / "there"), None)
    with pytest.raises(FileNotFoundError) as other, temporary_folder(tmp_path):
        (tmp_path / "other").read_text(encoding="utf-8")
    assert other.value.filename == str(tmp_path / "other")
