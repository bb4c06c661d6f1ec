"""Two settings beside each other: what differs, in plain words, and which part of the kit it is for.

Facts
    * Compared is what the settings mean: a key that is left out equals its default, and a filter that is only spaced
      otherwise is the same filter. Comments and order are no difference.
    * A mapping is the same one by its object and HubSpot property, since a property stands in one mapping only.
    * Of an object that is off after, only that is said; of one that is off on both sides nothing.

Where it is used: `forecasts.settings_difference`, `scenarios.scenarios`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.filter_tree import Filter
from dynsync_lib.core.model import Object
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import FieldMapping, ObjectSync, Settings

SYNC: Final = "sync"
_NO_FURTHER_SECTIONS: Final = ("sync", "assumptions", "digest", "notes", "document")
"""What `Settings` holds that is compared first, or is no section."""
_FOR: Final[Mapping[str, str]] = {"hubspot": "pull", "dynamics": "pull"}
"""By section what it is for, where that is not its own name."""
_APART: Final = ("enabled", "mappings", "stages")
_FIGURES: Final = ("plan", "data_hub", "marketing_contacts", "marketing_tier", "marketing_criterion")
_SYNC_OF_PORTAL: Final = ("sync_as_marketing", "auto_create_companies")


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """One difference. `section` and `key` are those of dynsync.toml, a mapping's key its HubSpot property.

    `kind`: added, removed or changed. `before` and `after` are texts; None where nothing is set. `affects`: sync (what
    the sync does), findings (what is said about it and its cost), pull, load, rehearsal, or the name of another
    section, such as report. `sentence` says all of it.
    """

    section: str
    key: str
    kind: str
    before: str | None
    after: str | None
    affects: str
    sentence: str


def compare_settings(before: Settings, after: Settings, rulebook: Rulebook) -> list[SettingDifference]:
    """Everything that differs: the objects' syncs first, then open questions, then the other sections."""
    return [
        *(
            change
            for object_ in Object
            for change in _compare_syncs(object_, before.sync[object_], after.sync[object_])
        ),
        *_compare_assumptions(before, after, rulebook),
        *(
            change
            for field in dataclasses.fields(after)
            if field.name not in _NO_FURTHER_SECTIONS
            for change in _compare_section(field.name, before, after)
        ),
    ]


def _compare_section(name: str, before: Settings, after: Settings) -> Iterator[SettingDifference]:
    """What differs in a section, so that one that is new in dynsync.toml is never passed over."""
    if name == "files":
        yield from _compare_texts("files.columns", before.files.columns, after.files.columns, "load")
    elif name == "rehearsal":
        yield from _compare_rehearsals(before, after)
    elif name == "answers":
        yield from _compare_texts(name, _texts_of(before.answers), _texts_of(after.answers), "findings")
    else:
        yield from _compare_sections(name, getattr(before, name), getattr(after, name), _FOR.get(name, name))


def _compare_syncs(object_: Object, before: ObjectSync, after: ObjectSync) -> Iterator[SettingDifference]:
    section = f"sync.{object_}"
    if before.enabled != after.enabled:
        yield _changed(section, "enabled", _text(before.enabled), _text(after.enabled), SYNC)
    if not after.enabled:
        return
    yield from _compare_sections(section, before, after, SYNC)
    yield from _compare_texts(f"{section}.stages", before.stages, after.stages, SYNC)
    mappings = [{mapping.hubspot: _mapped(mapping) for mapping in side.mappings} for side in (before, after)]
    for key in _keys(*mappings):
        yield _mapping_changed(f"{section}.mapping", key, mappings[0].get(key), mappings[1].get(key))


def _compare_assumptions(before: Settings, after: Settings, rulebook: Rulebook) -> Iterator[SettingDifference]:
    for id_, choice in after.assumptions.items():
        earlier = before.assumptions[id_]
        if earlier != choice:
            question = rulebook.assumptions[id_].question
            sentence = f"The open question `{id_}` was answered {earlier} and is now {choice}: {question}"
            yield SettingDifference("assumptions", id_, "changed", earlier, choice, SYNC, sentence)


def _compare_rehearsals(before: Settings, after: Settings) -> Iterator[SettingDifference]:
    for name in ("hubspot", "dynamics"):
        first, second = (getattr(side.rehearsal, name) for side in (before, after))
        yield from _compare_texts(f"rehearsal.{name}", _texts(first), _texts(second), "rehearsal")


def _compare_sections(section: str, before: Any, after: Any, affects: str) -> Iterator[SettingDifference]:
    """The keys of one section that differ, but those that are compared apart."""
    for field in dataclasses.fields(after):
        first, second = getattr(before, field.name), getattr(after, field.name)
        if field.name not in _APART and _meaning(first) != _meaning(second):
            yield _changed(section, field.name, _text(first), _text(second), _affected(field.name, affects))


def _compare_texts(
    section: str, before: Mapping[str, str], after: Mapping[str, str], affects: str
) -> Iterator[SettingDifference]:
    for key in _keys(before, after):
        if before.get(key) != after.get(key):
            yield _changed(section, key, before.get(key), after.get(key), affects)


def _affected(key: str, affects: str) -> str:
    """What a key is for; some of the portals' sections are not for a pull."""
    if key in _FIGURES:
        return "findings"
    return SYNC if key in _SYNC_OF_PORTAL else affects


def _keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The keys of both that differ, those of `after` first."""
    return [key for key in {**after, **before} if before.get(key) != after.get(key)]


# --- In words ----------------------------------------------------------------------------------------------------


def _changed(section: str, key: str, before: str | None, after: str | None, affects: str) -> SettingDifference:
    """One setting that is set otherwise, newly, or no longer."""
    where = f"[{section}] {key}"
    if before is None:
        return SettingDifference(
            section, key, "added", before, after, affects, f"{where} was not set and is now {after}."
        )
    if after is None:
        sentence = f"{where} was {before} and is no longer set."
        return SettingDifference(section, key, "removed", before, after, affects, sentence)
    return SettingDifference(
        section, key, "changed", before, after, affects, f"{where} was {before} and is now {after}."
    )


def _mapping_changed(section: str, key: str, before: str | None, after: str | None) -> SettingDifference:
    where = f"[[{section}]] {key}"
    if before is None:
        return SettingDifference(section, key, "added", before, after, SYNC, f"{where} is now mapped to {after}.")
    if after is None:
        sentence = f"{where} is no longer mapped; it was mapped to {before}."
        return SettingDifference(section, key, "removed", before, after, SYNC, sentence)
    sentence = f"{where} was mapped to {before} and is now mapped to {after}."
    return SettingDifference(section, key, "changed", before, after, SYNC, sentence)


def _mapped(mapping: FieldMapping) -> str:
    """Where a mapping leads: `jobtitle (two_way; options a = 1; b = 2)`."""
    options = f"; options {_text(mapping.options)}" if mapping.options else ""
    return f"{mapping.dynamics} ({mapping.direction}{options})"


def _texts(section: Any) -> dict[str, str]:
    """The keys of a section as texts; empty for a section that is left out."""
    if section is None:
        return {}
    return _texts_of({field.name: getattr(section, field.name) for field in dataclasses.fields(section)})


def _texts_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Values by name as texts, without those that are not set."""
    return {name: text for name, value in values.items() if (text := _text(value)) is not None}


def _meaning(value: Any) -> Any:
    return value.tree if isinstance(value, Filter) else value


def _text(value: Any) -> str | None:
    """A setting as a person would say it; None when nothing is set."""
    if value is None or value in ("", ()):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Filter):
        return value.text
    if isinstance(value, Mapping):
        return "; ".join(f"{key} = {text}" for key, text in sorted(value.items())) or None
    return ", ".join(value) if isinstance(value, tuple) else str(value)
