"""What is different between mappings: in sentences, and as changes that lead from some to others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from dynsync_lib.core.model import Object
from dynsync_lib.core.settings import FieldMapping, Settings
from dynsync_lib.report.words import DIRECTIONS
from dynsync_lib.settings_changes.changes import Change, RemoveMapping, SetMapping

Pairs = Mapping[str, str]
"""HubSpot's options with the Dynamics options they belong to, by value."""


def tell_changes(before: Settings, after: Settings) -> list[str]:
    """A sentence for each mapping that is new, gone or other, by object and field."""
    return [
        f"{object_.value.capitalize()}: {sentence}"
        for object_ in Object
        for sentence in _sentences(_mappings(before, object_), _mappings(after, object_))
    ]


def _mappings(settings: Settings, object_: Object) -> dict[tuple[str, str], FieldMapping]:
    return {mapping.names: mapping for mapping in settings.sync[object_].mappings}


def _sentences(
    before: Mapping[tuple[str, str], FieldMapping], after: Mapping[tuple[str, str], FieldMapping]
) -> Iterator[str]:
    for names in sorted({*before, *after}):
        pair = " and ".join(names)
        old, new = before.get(names), after.get(names)
        if new is None:
            yield f"{pair} are not mapped any more."
        elif old is None:
            yield f"{pair} are mapped, {DIRECTIONS[new.direction]}."
        else:
            if old.direction is not new.direction:
                yield f"{pair} flow {DIRECTIONS[new.direction]}, before {DIRECTIONS[old.direction]}."
            if old.options != new.options:
                pairs = f"{len(new.options)} {'option' if len(new.options) == 1 else 'options'}"
                yield f"{pair} pair {pairs} by name, before {len(old.options)}."


def changes_towards(
    now: Sequence[FieldMapping],
    wanted: Sequence[FieldMapping],
    object_: Object,
    paired: Callable[[FieldMapping], Pairs],
) -> list[Change]:
    """The changes after which the mappings of an object are those that are wanted.

    A default mapping that shares a field with a wanted one gives way by itself. `paired` says which options a mapping
    pairs, by name or by label: options that are wanted and are paired anyway are no change.
    """
    by_names = {mapping.names: mapping for mapping in now}
    names = {mapping.names for mapping in wanted}
    fields = {field for pair in names for field in enumerate(pair)}
    gone: list[Change] = [
        RemoveMapping(object_, *pair)
        for pair, mapping in by_names.items()
        if pair not in names and (mapping.origin == "own" or fields.isdisjoint(enumerate(pair)))
    ]
    changes = list(gone)
    for mapping in wanted:
        old = by_names.get(mapping.names)
        now_paired = paired(old or FieldMapping(*mapping.names))
        own_options = old.options if old is not None else {}
        is_paired_so = mapping.options == now_paired or not (mapping.options or own_options)
        if old is None or old.direction is not mapping.direction or not is_paired_so:
            options = None if is_paired_so else mapping.options
            changes.append(SetMapping(object_, mapping.hubspot, mapping.dynamics, mapping.direction, options))
    return changes
