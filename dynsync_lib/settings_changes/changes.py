"""What can be changed in dynsync.toml, and what the document says afterwards.

Facts
    * A default mapping has no line of its own. Changed, it becomes an own mapping; removed, `default_mappings` becomes
      false and the others that were in force become own mappings (5.4).
    * Where an own mapping is removed that stood in a default mapping's place, the default mapping is in force again.
    * An object without a section is off, and stays off when something of it is set.
    * Objects and directions may be written as texts, such as `contact` and `to_hubspot`.

Source: rules field.direction, record.filter.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, get_args

from dynsync_lib.core.model import Direction, Object, read_word
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import FieldMapping
from dynsync_lib.core.settings_file.reader import not_replaced
from dynsync_lib.errors import UsageError

_MAPPING: Final = "mapping"


@dataclass(frozen=True, slots=True)
class SetMapping:
    """Maps two fields, or changes their mapping. None leaves what is there; empty `options` pair by label again."""

    object: Object
    hubspot: str
    dynamics: str
    direction: Direction | None = None
    options: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        _read_words(self, object=Object, direction=Direction)


@dataclass(frozen=True, slots=True)
class RemoveMapping:
    """Takes the mapping of two fields away, an own one or a default one."""

    object: Object
    hubspot: str
    dynamics: str

    def __post_init__(self) -> None:
        _read_words(self, object=Object)


@dataclass(frozen=True, slots=True)
class SetSync:
    """Sets a key of `[sync.<object>]`, such as `direction` or `filter_to_hubspot`; None takes the key away."""

    object: Object
    key: str
    value: str | bool | None

    def __post_init__(self) -> None:
        _read_words(self, object=Object)


@dataclass(frozen=True, slots=True)
class SetAssumption:
    """Makes a choice of an open question; None takes the choice away, so that the default is in force."""

    name: str
    choice: str | None


@dataclass(frozen=True, slots=True)
class SetAnswer:
    """Answers a question of `core.questions`, where its answer stands; None takes the answer away."""

    section: str
    name: str
    answer: bool | int | str | None


def _read_words(change: Any, **kinds: type[StrEnum]) -> None:
    """Lets people write `"contact"` for Object.CONTACT. Raises UsageError for a word that is none."""
    for name, kind in kinds.items():
        word = getattr(change, name)
        object.__setattr__(change, name, None if word is None else read_word(word, kind, name))


Change = SetMapping | RemoveMapping | SetSync | SetAssumption | SetAnswer
_CHANGES: Final = ", ".join(f"kit.{kind.__name__}" for kind in get_args(Change))


def changed_document(document: Mapping[str, Any], changes: Iterable[Change], rulebook: Rulebook) -> dict[str, Any]:
    """What a settings file says after the changes, made one after the other; the given document stays as it is.

    Raises UsageError for what is no change, and when a mapping is to be removed that is not there. Nothing else is
    checked: the reader does that.
    """
    changed = copy.deepcopy(dict(document))
    for change in changes:
        if isinstance(change, SetAssumption):
            _set_in(changed, ("assumptions",), change.name, change.choice)
        elif isinstance(change, SetAnswer):
            _set_in(changed, (change.section,), change.name, change.answer)
        elif isinstance(change, SetSync):
            _set_in(changed, ("sync", change.object.value), change.key, change.value)
        elif isinstance(change, SetMapping):
            _set_mapping(_section(changed, ("sync", change.object.value)), change, rulebook)
        elif isinstance(change, RemoveMapping):
            _remove_mapping(_section(changed, ("sync", change.object.value)), change, rulebook)
        else:
            raise UsageError(f"{change!r} is no change of settings.", next_step=f"Use one of: {_CHANGES}.")
    return {name: section for name, section in changed.items() if section != {} or name in document}


def _section(document: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """The section of a path; where there is none, one is made that leaves its object off."""
    for name in path[:-1]:
        document = document.setdefault(name, {})
    section: dict[str, Any] = document.setdefault(path[-1], {"enabled": False} if path[0] == "sync" else {})
    return section


def _set_in(document: dict[str, Any], path: tuple[str, ...], key: str, value: Any) -> None:
    if value is not None:
        _section(document, path)[key] = value
        return
    section: Any = document
    for name in path:
        section = section.get(name, {})
    section.pop(key, None)


def _set(section: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        section.pop(key, None)
    else:
        section[key] = value


def _set_mapping(section: dict[str, Any], change: SetMapping, rulebook: Rulebook) -> None:
    row = _own_row(section, change)
    if row is None:
        default = _default_in_force(section, change, rulebook)
        row = {"hubspot": change.hubspot, "dynamics": change.dynamics} if default is None else _as_row(default)
        section.setdefault(_MAPPING, []).append(row)
    if change.direction is not None:
        row["direction"] = change.direction.value
    if change.options is not None:
        _set(row, "options", dict(change.options) or None)


def _remove_mapping(section: dict[str, Any], change: RemoveMapping, rulebook: Rulebook) -> None:
    row = _own_row(section, change)
    if row is not None:
        section[_MAPPING].remove(row)
        if not section[_MAPPING]:
            del section[_MAPPING]
        return
    default = _default_in_force(section, change, rulebook)
    if default is None:
        raise not_mapped(change.object, change.hubspot, change.dynamics)
    others = [mapping for mapping in _defaults_in_force(section, change.object, rulebook) if mapping != default]
    section["default_mappings"] = False
    section[_MAPPING] = [*section.get(_MAPPING, []), *map(_as_row, others)]


def not_mapped(object_: Object, hubspot: str, dynamics: str) -> UsageError:
    """What is raised for a mapping that is not there."""
    return UsageError(
        f"`{hubspot}` and `{dynamics}` of {object_} are not mapped with each other.",
        next_step="Name the two fields of a mapping that is there.",
    )


def _own_row(section: Mapping[str, Any], change: SetMapping | RemoveMapping) -> dict[str, Any] | None:
    rows: list[dict[str, Any]] = section.get(_MAPPING, [])
    names = (change.hubspot, change.dynamics)
    return next((row for row in rows if (row.get("hubspot"), row.get("dynamics")) == names), None)


def _default_in_force(
    section: Mapping[str, Any], change: SetMapping | RemoveMapping, rulebook: Rulebook
) -> FieldMapping | None:
    names = (change.hubspot, change.dynamics)
    in_force = _defaults_in_force(section, change.object, rulebook)
    return next((mapping for mapping in in_force if mapping.names == names), None)


def _defaults_in_force(section: Mapping[str, Any], object_: Object, rulebook: Rulebook) -> tuple[FieldMapping, ...]:
    if not section.get("default_mappings", True):
        return ()
    own = [FieldMapping(row.get("hubspot", ""), row.get("dynamics", "")) for row in section.get(_MAPPING, [])]
    return not_replaced(rulebook.default_mappings.get(object_, ()), own)


def _as_row(mapping: FieldMapping) -> dict[str, Any]:
    row = {"hubspot": mapping.hubspot, "dynamics": mapping.dynamics, "direction": mapping.direction.value}
    return row | ({"options": dict(mapping.options)} if mapping.options else {})
