"""The text of dynsync.toml after some changes: every line that they do not concern stays, and so do its comments.

Facts
    * A comment beside a value stays when the value changes. It goes with a key or a mapping that is taken away.
    * A new key stands after its section's last one, a new mapping after the object's last section.
    * Changes that end where they began leave every byte.

Not modelled
    * In inline tables, dotted keys and options that have a section of their own, new keys come where the TOML library
      puts them: after the comments that follow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Item

from dynsync_lib.core.fields.catalogue import Catalogue
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings_file.reader import parse_settings
from dynsync_lib.core.settings_file.toml_text import read_toml
from dynsync_lib.errors import SettingsError
from dynsync_lib.settings_changes.changes import Change, changed_document
from dynsync_lib.settings_changes.toml_sections import Section, sections_of, with_lines_after, without_sections

_MAPPING: Final = "mapping"
_Row = Mapping[str, Any]


def change_settings_text(
    text: str,
    changes: Iterable[Change],
    *,
    rulebook: Rulebook,
    catalogue: Catalogue | None = None,
    file: str = "dynsync.toml",
) -> str:
    """The text after the changes, made one after the other, as the kit reads it without a fault.

    `file` is named in faults; with a catalogue, field names and filter values are checked as well. Raises SettingsError
    with the reader's faults, of the text as it stands or as it would, and where a text cannot be changed without
    losing something; UsageError when a mapping is to be removed that is not there.
    """
    parse_settings(text, file=file, rulebook=rulebook)
    changed = _changed_text(text, changed_document(read_toml(text), changes, rulebook), file)
    parse_settings(changed, file=file, rulebook=rulebook, catalogue=catalogue)
    return changed


def _changed_text(text: str, after: Mapping[str, Any], file: str) -> str:
    """The text that says what `after` says. Raises SettingsError when the TOML library does not bring that about."""
    before = read_toml(text)
    if after == before:
        return text
    objects = [
        _ObjectChange(name, before.get("sync", {}).get(name), section)
        for name, section in after.get("sync", {}).items()
        if section != before.get("sync", {}).get(name)
    ]
    tables = [table for change in objects for table in change.tables()]
    for name in ("hubspot", "answers", "assumptions"):
        if after.get(name, {}) != before.get(name, {}):
            tables.append(_Table((name,), before.get(name), after[name]))
    try:
        text = _with_values(_without_rows(text, objects), objects, tables)
    except TOMLKitError as fault:
        raise _no_way(file) from fault
    text = _with_new_lines(text, objects, tables)
    try:
        is_right = read_toml(text) == after
    except ValueError:
        is_right = False
    if not is_right:
        raise _no_way(file)
    return text


def _no_way(file: str) -> SettingsError:
    return SettingsError(
        [f"{file} is written in a form that the kit cannot change without losing something."],
        next_step="Write each object as a section of its own, [sync.contact], or change the file by hand.",
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the document: its own keys before, None when there was none, and afterwards."""

    path: tuple[str, ...]
    before: _Row | None
    after: _Row

    def kept(self) -> dict[str, Any]:
        """What is said afterwards by the keys that were there before."""
        return {key: value for key, value in self.after.items() if key in (self.before or {})}

    def new(self) -> dict[str, Any]:
        """What is said by new keys."""
        return {key: value for key, value in self.after.items() if key not in (self.before or {})}


@dataclass(frozen=True, slots=True)
class _ObjectChange:
    """`[sync.<name>]` before, None when there was none, and afterwards, with the object's mappings."""

    name: str
    before: _Row | None
    after: _Row

    @property
    def path(self) -> tuple[str, ...]:
        return ("sync", self.name)

    def rows(self) -> list[_Row]:
        """The mappings before."""
        return list((self.before or {}).get(_MAPPING, []))

    def partners(self) -> list[int | None]:
        """Of each mapping before, its place afterwards; None when it is gone. Those that stay keep their order."""
        partners: list[int | None] = []
        following, wanted = 0, self.after.get(_MAPPING, [])
        for row in self.rows():
            is_there = following < len(wanted) and _names(wanted[following]) == _names(row)
            partners.append(following if is_there else None)
            following += is_there
        return partners

    def gone(self) -> list[int]:
        """The places of the mappings that are taken away."""
        return [number for number, partner in enumerate(self.partners()) if partner is None]

    def new_rows(self) -> list[_Row]:
        """The mappings that are new, in their order."""
        partners = self.partners()
        return [row for number, row in enumerate(self.after.get(_MAPPING, [])) if number not in partners]

    def tables(self) -> Iterator[_Table]:
        """The object's own keys, and those of each mapping that stays, by its place among those that stay."""
        before = None if self.before is None else _without_mappings(self.before)
        yield _Table(self.path, before, _without_mappings(self.after))
        pairs = zip(self.rows(), self.partners(), strict=True)
        kept = [(row, self.after[_MAPPING][partner]) for row, partner in pairs if partner is not None]
        for number, (row, wanted) in enumerate(kept):
            yield _Table((*self.path, _MAPPING, str(number)), row, wanted)


def _names(row: _Row) -> tuple[Any, Any]:
    return row.get("hubspot"), row.get("dynamics")


def _without_mappings(section: _Row) -> dict[str, Any]:
    return {key: value for key, value in section.items() if key != _MAPPING}


# --- lines that are taken away ---------------------------------------------------------------------------------------


def _without_rows(text: str, objects: Iterable[_ObjectChange]) -> str:
    """The text without the sections of mappings that are gone."""
    rows = {(*change.path, _MAPPING, str(number)) for change in objects for number in change.gone()}
    return without_sections(text, [section for section in sections_of(text) if section.row in rows])


# --- values that change in place -------------------------------------------------------------------------------------


def _with_values(text: str, objects: Iterable[_ObjectChange], tables: Iterable[_Table]) -> str:
    """The text with the values of keys that stay, and with all that stands in inline tables and dotted keys."""
    sections = sections_of(text)
    document = tomlkit.parse(text)
    is_changed = False
    for change in objects:
        if _has_inline_rows(change, sections):
            _rewrite_rows(_at(document, change.path), change)
            is_changed = True
    for table in tables:
        wanted = table.after if _is_inline(table, sections) else table.kept()
        if table.before is not None and table.before != wanted:
            _rewrite(_at(document, table.path), table.before, wanted)
            is_changed = True
    return tomlkit.dumps(document) if is_changed else text


def _is_inline(table: _Table, sections: Iterable[Section]) -> bool:
    """Whether a table that was there has no section, neither of its own nor of a part of it."""
    return table.before is not None and not any(
        section.path[: len(table.path)] == table.path or section.row == table.path for section in sections
    )


def _has_inline_rows(change: _ObjectChange, sections: Iterable[Section]) -> bool:
    """Whether the object's mappings stand in an inline array, or must."""
    own = _Table(change.path, change.before, change.after)
    has_sections = any(section.path[:3] == (*change.path, _MAPPING) for section in sections)
    stays = len(change.rows()) > len(change.gone())
    return _is_inline(own, sections) or (stays and not has_sections)


def _rewrite_rows(section: Any, change: _ObjectChange) -> None:
    for number in reversed(change.gone()):
        del section[_MAPPING][number]
    for row in change.new_rows():
        if _MAPPING not in section:
            section[_MAPPING] = tomlkit.array()
        section[_MAPPING].append(_item(row))
    if not section.get(_MAPPING, [None]):
        del section[_MAPPING]


def _at(document: Any, path: Iterable[str]) -> Any:
    for name in path:
        document = document[int(name) if isinstance(document, list) else name]
    return document


def _rewrite(table: Any, before: _Row, after: _Row) -> None:
    """Makes a table of the document say what it says afterwards."""
    for key in before:
        if key not in after:
            del table[key]
    for key, value in after.items():
        if isinstance(value, dict) and isinstance(before.get(key), dict):
            _rewrite(table[key], before[key], value)
        elif before.get(key) != value:
            table[key] = _item(value)


def _item(value: Any) -> Item:
    if not isinstance(value, dict):
        item: Item = tomlkit.item(value)
        return item
    inline = tomlkit.inline_table()
    for key, part in value.items():
        inline.append(tomlkit.key(key), _item(part))
    return inline


# --- lines that are new ----------------------------------------------------------------------------------------------


def _with_new_lines(text: str, objects: Iterable[_ObjectChange], tables: Iterable[_Table]) -> str:
    """The text with new keys at the end of their sections, and new mappings after the object's last section."""
    sections = sections_of(text)
    added: defaultdict[int, list[str]] = defaultdict(list)
    for table in tables:
        own = next((section.last for section in sections if section.path == table.path), None)
        lines = [_line(key, value) for key, value in table.new().items()]
        if own is not None:
            added[own] = [*lines, *added[own]]  # a section that is new may stand behind them already
        elif not _is_inline(table, sections) and (lines or table.before is None):
            added[_end_of(text, table.path, sections)] += ["", f"[{_dotted(table.path)}]", *lines]
    for change in objects:
        if not _has_inline_rows(change, sections):
            added[_end_of(text, change.path, sections)] += _rows_as_lines(change)
    for number in sorted(added, reverse=True):  # from the end, so that numbers stay right
        text = with_lines_after(text, number, added[number]) if added[number] else text
    return text


def _rows_as_lines(change: _ObjectChange) -> list[str]:
    header = f"[[{_dotted((*change.path, _MAPPING))}]]"
    rows = change.new_rows()
    return [line for row in rows for line in ("", header, *(_line(key, value) for key, value in row.items()))]


def _end_of(text: str, path: tuple[str, ...], sections: Iterable[Section]) -> int:
    """The last own line of the last section of a path; failing that of the last of its parent; else of the text."""
    parents = [path, path[:-1]] if len(path) > 1 else [path]
    for parent in parents:
        lasts = [section.last for section in sections if section.path[: len(parent)] == parent]
        if lasts:
            return lasts[-1]
    return len(text.rstrip("\r\n").split("\n")) - 1


def _dotted(path: Iterable[str]) -> str:
    return ".".join(tomlkit.key(name).as_string() for name in path)


def _line(key: str, value: Any) -> str:
    return f"{tomlkit.key(key).as_string()} = {_item(value).as_string()}"
