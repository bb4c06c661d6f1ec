"""Which folder of notebooks `dynsync lab` opens, where the kit was installed as a package."""

from pathlib import Path

import pytest

from dynsync_lib.cli import own_notebooks
from dynsync_lib.errors import UsageError


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A package that is no clone, with two notebooks; the working folder is empty."""
    package = tmp_path / "site-packages" / "dynsync_lib" / "cli"
    monkeypatch.setattr(own_notebooks, "__file__", str(package / "own_notebooks.py"))
    folder = tmp_path / "share"
    folder.mkdir()
    for name in ("00_start_here.ipynb", "01_pull_portals.ipynb"):
        (folder / name).write_text(name, encoding="utf-8")
    monkeypatch.setattr(own_notebooks, "shipped_notebooks", lambda: sorted(folder.iterdir()))
    working_folder = tmp_path / "work"
    working_folder.mkdir()
    monkeypatch.chdir(working_folder)
    return folder


def test_own_notebooks__are_copied_once_and_never_replaced(shipped: Path) -> None:
    says: list[str] = []
    assert own_notebooks.own_notebooks(says.append) == Path("notebooks")
    mine = Path("notebooks") / "00_start_here.ipynb"
    assert mine.read_text(encoding="utf-8") == "00_start_here.ipynb"
    mine.write_text("mine", encoding="utf-8")
    (shipped / "02_audit_records.ipynb").write_text("new", encoding="utf-8")
    own_notebooks.own_notebooks(says.append)
    assert mine.read_text(encoding="utf-8") == "mine"
    assert (Path("notebooks") / "02_audit_records.ipynb").read_text(encoding="utf-8") == "new"
    assert says == ["Copied 2 notebooks into notebooks.", "Copied 1 notebook into notebooks."]


@pytest.mark.usefixtures("shipped")
def test_own_notebooks__none_were_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_notebooks, "shipped_notebooks", list)
    with pytest.raises(UsageError, match="the kit was installed without notebooks"):
        own_notebooks.own_notebooks(print)
    assert not Path("notebooks").exists()
