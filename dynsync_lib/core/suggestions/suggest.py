"""Which property and which column probably mean the same: candidates, their evidence, a score, and who gets whom.

Facts
    * Only fields between which the types let values flow are candidates, so a lookup never is one. Several choices
      are, although whether they sync is an open question (`multiselect`).
    * Standard fields of both CRMs follow what is known of them; words, options and values speak for the others.
    * What is not sure enough is left out (`core.suggestions.ranking`): no suggestion is better than a wrong one.

Not modelled
    * Fields that HubSpot's mapping screen does not offer although the API lists them (5.5).

Source: rules field.same-kind, field.lookup-blocked, field.opt-out-polarity; rules/field_words.toml,
rules/field_words_of_trades.toml, rules/field_meanings.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dynsync_lib.core.fields.catalogue import Catalogue, Field
from dynsync_lib.core.fields.verdicts import kind_of
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.suggestions.compared_fields import ComparedFields, Knowledge
from dynsync_lib.core.suggestions.field_words import read_field
from dynsync_lib.core.suggestions.matched_records import MatchedRecords
from dynsync_lib.core.suggestions.ranking import rank_candidates
from dynsync_lib.core.suggestions.wording import WordReader, label_words


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One row: property, column, `rank` (1 is the best of the property), `score` 0 to 1, `reason` in words."""

    object: Object
    hubspot_field: str
    dynamics_field: str
    rank: int
    score: float
    reason: str


MatchOf = Callable[[Object, Mapping[System, list[str]]], MatchedRecords]


def suggest_mappings(catalogue: Catalogue, knowledge: Knowledge, matched: MatchOf) -> list[Suggestion]:
    """The suggestions for all objects that both sides have fields of, by object, property and rank.

    `matched` gives the matched records of an object with the fields that are named. The cost is that of comparing what
    shares a word or values, not every property with every column.
    """
    return [row for object_ in Object for row in _of_object(object_, catalogue, knowledge, matched)]


def _of_object(object_: Object, catalogue: Catalogue, knowledge: Knowledge, matched: MatchOf) -> Iterator[Suggestion]:
    fields = {system: list(_mappable(object_, system, catalogue, knowledge)) for system in System}
    if not all(fields.values()):
        return
    reader = WordReader(knowledge.vocabulary, label_words(field.label for side in fields.values() for field, _ in side))
    read = {
        system: [read_field(field, kind, object_, reader, knowledge.meanings) for field, kind in side]
        for system, side in fields.items()
    }
    records = matched(object_, {system: [words.field.name for words in side] for system, side in read.items()})
    comparison = ComparedFields(read, knowledge, records, reader)
    for candidate, rank, score in rank_candidates(comparison.candidates()):
        yield Suggestion(object_, *candidate.names, rank, round(score, 3), candidate.reason)


def _mappable(
    object_: Object, system: System, catalogue: Catalogue, knowledge: Knowledge
) -> Iterator[tuple[Field, str]]:
    """The fields that may be mapped, with their kinds: not the vendor's own, lookups, ids and the like."""
    for name in catalogue.names(system, object_):
        field = catalogue.find(system, object_, name)
        kind = kind_of(field, knowledge.rulebook) if field is not None else None
        if field is not None and kind is not None and kind != "lookup" and not knowledge.meanings.is_alone(field):
            yield field, kind
