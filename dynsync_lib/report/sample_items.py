"""What a rehearsal has to show, in words: the items of a sample, of which a plan gives the ids.

Facts
    * An id begins with its sort: outcome, question, change, link or collision; then the values that make the item,
      each `-` where it has none, with slashes between them.

Where it is used: `report.rehearsal_tables`. Source: `rehearsal.planning.covered_items`, which makes the ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dynsync_lib.core.model import ChangeKind
from dynsync_lib.report.tables import Lines
from dynsync_lib.report.words import LINK_FATES, OUTCOMES, REASONS, object_word, records_word, system_word

_NONE: Final = "-"
_WRITTEN: Final[Mapping[str, str]] = {
    ChangeKind.FILL: "an empty field is filled",
    ChangeKind.OVERWRITE: "a value is overwritten",
}
_NOTES: Final[Mapping[str, str]] = {
    "value_skipped": "a choice without a partner is skipped",
    "owner_unresolved": "an owner is not found",
    "lifecycle_ignored": "a stage would go backward",
    "several_writers": "several records write the field",
}


def say_item(id_: str, words: str) -> Lines:
    """An item in words, above the names of its rule, open question or field; the plan's own `words` where its id is
    none that is known.
    """
    sort, *parts = id_.split("/")
    say, count = _SORTS.get(sort, (None, 0))
    return say(*parts) if say is not None and len(parts) == count else Lines(words)


def _say_outcome(system: str, object_: str, outcome: str, reason: str, rule_id: str) -> Lines:
    why = "" if reason == _NONE else f": {REASONS.get(reason, reason)}"
    says = f"{records_word(object_, system)}: {OUTCOMES.get(outcome, outcome).lower()}{why}"
    return Lines(says, rule_id, is_code=True)


def _say_question(system: str, object_: str, outcome: str, reason: str, rule_id: str, question: str) -> Lines:
    of_outcome = _say_outcome(system, object_, outcome, reason, rule_id)
    return Lines(f"{of_outcome.first}; another answer to an open question would change it", question, is_code=True)


def _say_change(object_: str, target_system: str, target_field: str, kind: str, note: str) -> Lines:
    records, system = object_word(object_, target_system).capitalize(), system_word(target_system)
    says = f"{records}: {_WRITTEN.get(kind, kind)} in {system}"
    return Lines(says if note == _NONE else f"{says}, where {_NOTES.get(note, note)}", target_field, is_code=True)


def _say_link(from_system: str, from_object: str, to_object: str, status: str, rule_id: str) -> Lines:
    fate, _ = LINK_FATES.get(rule_id) or LINK_FATES.get(status) or (status, "")
    ends = f"{records_word(from_object, from_system)} to {object_word(to_object, from_system)}"
    return Lines(f"Associations of {ends}: {fate.lower()}", rule_id, is_code=True)


def _say_collision(system: str, object_: str, turn: str) -> Lines:
    return Lines(f"{records_word(object_, system)}: the {turn} of several with one key")


_SORTS: Final[Mapping[str, tuple[Callable[..., Lines], int]]] = {
    "outcome": (_say_outcome, 5),
    "question": (_say_question, 6),
    "change": (_say_change, 5),
    "link": (_say_link, 5),
    "collision": (_say_collision, 3),
}
"""By sort: what says it, and how many values its ids have."""
