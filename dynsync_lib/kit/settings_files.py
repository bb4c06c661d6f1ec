"""Settings files that are changed in place, with every comment kept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynsync_lib.core.settings import Settings
from dynsync_lib.folders.replaced_file import FileKind, replace_file
from dynsync_lib.kit.rulebooks import catalogue_of, read_settings, rulebook, settings_text

if TYPE_CHECKING:
    from dynsync_lib.settings_changes.changes import Change
    from dynsync_lib.snapshot.snapshot import Snapshot

_SETTINGS: Final = FileKind("a settings file", "", "", keeps_mode=True)
"""It bears no mark: what is replaced was read as settings before."""


def change_settings(settings: str | Path, changes: Iterable[Change], *, snapshot: Snapshot | None = None) -> Settings:
    """Makes changes in a settings file, one after the other, and gives back what it then says.

    Changes are `SetMapping`, `RemoveMapping`, `SetSync` and `SetAssumption`. Comments stay, and so do all lines that no
    change concerns. The file is replaced whole or not at all. With a snapshot, fields and filter values are checked
    against its metadata.

    Raises SettingsError with every fault of the file as it is or as it would be, and writes nothing then; UsageError
    for a mapping that is to be removed and is not there.

    >>> from pathlib import Path
    >>> _ = Path("out/mine.toml").write_text("[sync.company]  # accounts")
    >>> settings = kit.change_settings("out/mine.toml", [kit.SetAssumption("company_dup", "all_bind")])
    >>> Path("out/mine.toml").read_text().splitlines()
    ['[sync.company]  # accounts', '', '[assumptions]', 'company_dup = "all_bind"']
    """
    from dynsync_lib.settings_changes.settings_text import (
        change_settings_text,  # brings the library that keeps comments
    )

    path = Path(settings)
    text = settings_text(path)
    catalogue = catalogue_of(snapshot) if snapshot is not None else None
    changed = change_settings_text(text, changes, rulebook=rulebook(), catalogue=catalogue, file=path.name)
    if changed != text:
        replace_file(path, changed, _SETTINGS)
    return read_settings(path, snapshot=snapshot)
