"""A file is replaced whole, and only by one of its kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib.errors import UsageError
from dynsync_lib.folders.replaced_file import FileKind, replace_file

KIND = FileKind("a report of the kit", "<!doctype html>", "made by the kit")
OURS = "<!doctype html>\n<p>made by the kit"


def test_replace_file__writes_it_and_writes_it_again(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "report.html"
    replace_file(file, OURS, KIND)
    replace_file(file, f"{OURS} again", KIND)
    assert file.read_text(encoding="utf-8") == f"{OURS} again"
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert [path.name for path in file.parent.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    "text", ["", "mine", "<!doctype html>\n<p>mine", f"mine {OURS}", "<!doctype html>" + " " * 9_000 + OURS]
)
def test_replace_file__refuses_what_is_not_ours(tmp_path: Path, text: str) -> None:
    file = tmp_path / "report.html"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"report\.html exists already and is not a report of the kit"):
        replace_file(file, OURS, KIND)
    assert file.read_text(encoding="utf-8") == text


def test_replace_file__follows_no_link_and_replaces_no_folder(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.html"
    elsewhere.write_text(OURS, encoding="utf-8")
    (tmp_path / "link.html").symlink_to(elsewhere)
    (tmp_path / "dangling.html").symlink_to(tmp_path / "nowhere.html")
    (tmp_path / "folder").mkdir()
    for name, what in (("link.html", "a link"), ("dangling.html", "a link"), ("folder", "a folder")):
        with pytest.raises(UsageError, match=f"{name} is {what}"):
            replace_file(tmp_path / name, f"{OURS} again", KIND)
    assert elsewhere.read_text(encoding="utf-8") == OURS
    assert not (tmp_path / "nowhere.html").exists()
