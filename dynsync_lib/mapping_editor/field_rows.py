"""The rows of the editor: a row for each mapping, and one for each field that is in none, with a verdict each.

Facts
    * A field that is not mapped is judged by the best mapping that it could have (`core.fields.lone_fields`).
    * Rows of mappings come first, in the order of the settings; then HubSpot's fields and Dynamics's, by name.
    * A search looks for every word of it in names, labels, types and samples of both sides, in any capitals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.advice.field_facts import FieldFacts
from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.fields.lone_fields import judge_lone_field
from dynsync_lib.core.fields.verdicts import intersect
from dynsync_lib.core.lookup_names import lookup_of
from dynsync_lib.core.model import Direction, Object, System, Verdict
from dynsync_lib.core.rulebook import Rulebook, TypeVerdict
from dynsync_lib.core.settings import FieldMapping, ObjectSync
from dynsync_lib.core.suggestions.suggest import Suggestion
from dynsync_lib.errors import UsageError

SHOWN: Final = ("all", "mapped", "unmapped", "suggested")
"""Which rows can be asked for, besides their verdict."""
KIND_WORDS: Final[Mapping[str, str]] = {
    "text": "text",
    "number": "number",
    "date": "date",
    "datetime": "date and time",
    "yes_no": "yes or no",
    "choice": "choice",
    "several_choices": "several choices",
    "owner": "owner",
    "lookup": "lookup",
}


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One row: a mapping, which has both fields, or a field that is in none.

    `mapping` is None for a field that is in none. `allowed` is the way that values can flow, None when they cannot.
    `reason`, `instead` and `rule_id` explain the verdict: why not, and what to do. `suggestions` are for
    the field that is not mapped, the best first.
    """

    hubspot: FieldFacts | None
    dynamics: FieldFacts | None
    verdict: Verdict
    mapping: FieldMapping | None
    allowed: Direction | None
    reason: str | None
    instead: str | None
    rule_id: str
    suggestions: tuple[Suggestion, ...] = ()

    @property
    def is_mapped(self) -> bool:
        """Whether the row is a mapping."""
        return self.mapping is not None

    @property
    def direction(self) -> Direction | None:
        """Which way the mapping is to flow; None when there is none."""
        return None if self.mapping is None else self.mapping.direction

    @property
    def names(self) -> tuple[str | None, str | None]:
        """HubSpot's field and Dynamics's as the settings name them; None for a side without one."""
        if self.mapping is not None:
            return self.mapping.hubspot, self.mapping.dynamics
        hubspot, dynamics = (facts.field.name if facts else None for facts in (self.hubspot, self.dynamics))
        return hubspot, dynamics

    @property
    def key(self) -> str:
        """What tells the row from others of its object."""
        return " ".join(name or "-" for name in self.names)

    @property
    def sides(self) -> list[FieldFacts]:
        """The fields of the row: both of a mapping, or the one that is not mapped."""
        return [facts for facts in (self.hubspot, self.dynamics) if facts is not None]

    @property
    def suggested(self) -> list[str]:
        """The names of the suggested fields of the other side, the best first."""
        return [s.dynamics_field if self.dynamics is None else s.hubspot_field for s in self.suggestions]

    @property
    def search_text(self) -> str:
        """What a search looks through, in small letters."""
        words = [word for facts in self.sides for word in _words(facts)]
        return "\n".join(words).casefold()


def _words(facts: FieldFacts) -> tuple[str, ...]:
    return facts.field.name, facts.field.label, kind_words(facts), facts.field.type, *facts.samples


def kind_words(facts: FieldFacts) -> str:
    """The kind of field in words; the vendor's own word for a type that cannot be mapped."""
    return KIND_WORDS[facts.kind] if facts.kind is not None else facts.field.type or "unknown"


def fields_of(suggestion: Suggestion) -> tuple[tuple[System, str], tuple[System, str]]:
    """The two fields of a suggestion, by system and name."""
    return (System.HUBSPOT, suggestion.hubspot_field), (System.DYNAMICS, suggestion.dynamics_field)


def find_rows(
    rows: Iterable[FieldRow], *, search: str = "", shown: str = "all", verdict: Verdict | None = None
) -> list[FieldRow]:
    """The rows that hold every word of a search, are of that sort (see SHOWN), and have that verdict, if any.

    Raises UsageError for a sort that there is none of.
    """
    if shown not in SHOWN:
        raise UsageError(f"`{shown}` is no sort of rows.", next_step=f"Use one of: {', '.join(SHOWN)}.")
    words = search.casefold().split()
    return [
        row
        for row in rows
        if _is_shown(row, shown)
        and verdict in (None, row.verdict)
        and (not words or all(word in row.search_text for word in words))
    ]


def _is_shown(row: FieldRow, shown: str) -> bool:
    is_of = {"all": True, "mapped": row.is_mapped, "unmapped": not row.is_mapped, "suggested": bool(row.suggestions)}
    return is_of[shown]


def make_rows(
    facts: Mapping[System, Sequence[FieldFacts]],
    sync: ObjectSync,
    verdicts: Sequence[Mapping[str, Any]],
    *,
    rulebook: Rulebook,
    assumptions: Mapping[str, str],
    suggestions: Mapping[tuple[System, str], tuple[Suggestion, ...]],
) -> list[FieldRow]:
    """All rows of an object. `verdicts` are rows of the forecast's `mapping`, one per mapping and in their order."""
    known = {(system, each.field.name): each for system in System for each in facts[system]}
    rows = [_mapped_row(mapping, verdict, known) for mapping, verdict in zip(sync.mappings, verdicts, strict=True)]
    used: set[tuple[System, str]] = {(each.field.system, each.field.name) for row in rows for each in row.sides}
    for (system, name), each in known.items():
        if (system, name) not in used:
            verdict = judge_lone_field(each.field, rulebook, assumptions, sync.direction)
            open_ones = [s for s in suggestions.get((system, name), ()) if not used & set(fields_of(s))]
            rows.append(_lone_row(each, verdict, intersect(verdict.allowed, sync.direction), tuple(open_ones)))
    return rows


def _mapped_row(
    mapping: FieldMapping, verdict: Mapping[str, Any], known: Mapping[tuple[System, str], FieldFacts]
) -> FieldRow:
    allowed = verdict["allowed_directions"]
    return FieldRow(
        _facts_of(known, System.HUBSPOT, mapping.hubspot, Object(verdict["object"])),
        _facts_of(known, System.DYNAMICS, mapping.dynamics, Object(verdict["object"])),
        Verdict(verdict["verdict"]),
        mapping,
        None if allowed == "none" else Direction(allowed),
        verdict["reason"],
        verdict["workaround"],
        verdict["rule_id"],
    )


def _facts_of(known: Mapping[tuple[System, str], FieldFacts], system: System, name: str, object_: Object) -> FieldFacts:
    """What is known of a mapped field; of one that the metadata lacks, its name."""
    facts = known.get((system, name)) or known.get((system, lookup_of(name)))
    return facts or FieldFacts(Field(system, object_, name, name, "not in the metadata"), None, None, None)


def _lone_row(
    facts: FieldFacts, verdict: TypeVerdict, allowed: Direction | None, suggestions: tuple[Suggestion, ...]
) -> FieldRow:
    is_hubspot = facts.field.system is System.HUBSPOT
    return FieldRow(
        facts if is_hubspot else None,
        None if is_hubspot else facts,
        verdict.verdict,
        None,
        allowed,
        verdict.reason,
        verdict.workaround,
        verdict.rule_id,
        suggestions=suggestions,
    )
