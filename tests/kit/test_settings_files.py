"""`kit.change_settings`: the file is replaced whole or not at all, and stays what it was to everybody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.core.model import Object, System
from dynsync_lib.errors import SettingsError, UsageError

TEXT = "[sync.contact]  # people\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "dynsync.toml"
    file.write_text(TEXT, encoding="utf-8")
    file.chmod(0o640)
    return file


def test_change_settings__writes_and_reads_back(file: Path) -> None:
    settings = kit.change_settings(file, [kit.SetSync(Object.CONTACT, "conflict_winner", "hubspot")])
    assert settings.sync[Object.CONTACT].conflict_winner is System.HUBSPOT
    assert file.read_text(encoding="utf-8") == TEXT + 'conflict_winner = "hubspot"\n'
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["dynsync.toml"]


def test_change_settings__writes_nothing_when_there_is_a_fault(file: Path) -> None:
    with pytest.raises(SettingsError, match=r"dynsync.toml, line 2: `conflict_winner` is 'north'; allowed are"):
        kit.change_settings(file, [kit.SetSync(Object.CONTACT, "conflict_winner", "north")])
    assert file.read_text(encoding="utf-8") == TEXT


def test_change_settings__follows_no_link(file: Path) -> None:
    link = file.with_name("link.toml")
    link.symlink_to(file)
    with pytest.raises(UsageError, match="is a link"):
        kit.change_settings(link, [kit.SetSync(Object.CONTACT, "enabled", False)])
    assert file.read_text(encoding="utf-8") == TEXT
