"""What the kit ships as data, and the settings of an engagement, which are checked against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

import dynsync_lib
from dynsync_lib.core.fields.catalogue import Catalogue
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.rulebook_reading import read_rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.settings_file.reader import parse_settings
from dynsync_lib.errors import SettingsError
from dynsync_lib.folders.temporary_folder import bring_back
from dynsync_lib.kit import tables
from dynsync_lib.small_files import SmallFileError, read_small_text

if TYPE_CHECKING:
    import pandas as pd

    from dynsync_lib.snapshot.snapshot import Snapshot

_MOST_BYTES: Final = 1 << 20
"""The most of a settings file."""
_NEXT_STEPS: Final = {
    "is a folder": "Name the dynsync.toml in it.",
    "is not there": "Write one with `dynsync init DIR`.",
}


@cache
def rulebook() -> Rulebook:
    """The rulebook the kit ships: rules, research, assumptions, types and standard fields. Read once, then kept.

    >>> kit.rulebook().assumptions["company_dup"].default
    'first_wins'
    """
    folder = resources.files(dynsync_lib) / "rules"
    return read_rulebook({file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.is_file()})


def key_maker() -> KeyMaker:
    """The maker of match keys, with the rulebook's top-level domains.

    >>> from dynsync_lib.core.tables import RECORD_TABLES
    >>> kit.key_maker().finish(RECORD_TABLES["hubspot/companies"], {"name": "Adler  Papier "})["name_key"]
    'adler papier'
    """
    return KeyMaker(rulebook().top_level_domains)


def read_settings(
    path: str | Path, *, snapshot: Snapshot | None = None, overrides: Mapping[str, str] | None = None
) -> Settings:
    """The settings of one engagement; with a snapshot, fields and filter values are checked against its metadata.

    `overrides` are choices by assumption id and win over those of the file. Raises SettingsError with every fault.

    >>> settings = kit.read_settings("out/demo/dynsync.toml", overrides={"company_dup": "all_bind"})
    >>> settings.assumptions["company_dup"]
    'all_bind'
    """
    text = settings_text(path)
    catalogue = catalogue_of(snapshot) if snapshot is not None else None
    return parse_settings(text, file=Path(path).name, rulebook=rulebook(), catalogue=catalogue, overrides=overrides)


def opened_settings(
    settings: str | Path | Settings, *, snapshot: Snapshot | None = None, overrides: Mapping[str, str] | None = None
) -> Settings:
    """The settings that a kit function was given, as a file or as they were read before. See `read_settings`.

    Of settings that were read before nothing is checked again; `overrides` win over their choices, too.
    """
    if not isinstance(settings, Settings):
        return read_settings(settings, snapshot=snapshot, overrides=overrides)
    return replace(settings, assumptions={**settings.assumptions, **overrides}) if overrides else settings


def settings_text(path: str | Path) -> str:
    """The text of a settings file, whatever it says. Raises SettingsError when there is none that can be read."""
    path = Path(path)
    bring_back(path)
    try:
        return read_small_text(path, most_bytes=_MOST_BYTES)
    except SmallFileError as fault:
        raise SettingsError([f"{path} {fault}."], next_step=_NEXT_STEPS.get(str(fault), "")) from fault


def catalogue_of(snapshot: Snapshot) -> Catalogue:
    """The fields of a snapshot's systems, by `read_catalogue`."""
    from dynsync_lib.forecasts.open_snapshot import read_catalogue  # brings the engines, and a pull needs none

    return read_catalogue(snapshot)


def rules() -> pd.DataFrame:
    """Every rule: id, says, status, confidence, sources, assumption, why; one row per rule, in the rulebook's order.

    >>> kit.rules()["confidence"].unique().tolist()
    ['seed', 'documented', 'legacy', 'reported', 'inferred']
    """
    return tables.rules_table(rulebook())


def research() -> pd.DataFrame:
    """Every numbered statement of the research: number, section, state, rules, confidence, sources, why; one row each.

    `state` is implemented when at least one of its rules is; `why` is null unless none is.

    >>> kit.research().set_index("number").loc["2.12", "rules"]
    'record.first-order, contact.first-per-email, lead.first-per-email'
    """
    return tables.research_table(rulebook())


def assumptions() -> pd.DataFrame:
    """Every open question: id, question, choices that can be made, default, status, why; one row per assumption.

    >>> kit.assumptions().set_index("id").loc["company_dup", ["choices", "default"]].tolist()
    ['first_wins, rest_created, all_bind', 'first_wins']
    """
    return tables.assumptions_table(rulebook())
