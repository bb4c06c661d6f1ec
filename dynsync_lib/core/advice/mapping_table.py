"""The forecast's `mapping`: the verdict on every field mapping, with the number of records it concerns.

Facts
    * A mapping of choices whose data holds values without a partner is lossy, and names them (5.11).
    * A mapping of a lookup comes with the recipe for a text column in its place (5.6).
    * A mapping that would flow and whose column a side did not deliver is not checked: nothing was compared (5.5).

Source: rules field.missing, field.option-unpaired, field.lookup-blocked, and those of `core.fields.mappings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from dynsync_lib.core.advice.lookup_recipes import recipe_of
from dynsync_lib.core.advice.unpaired_options import find_unpaired, tell_unpaired
from dynsync_lib.core.counting import Number, Question, answers
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System, Verdict
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import MAPPING, NOT_COMPARED, record_table

_PAIR_THEM: Final = "Add the missing options on the other side, or pair them in the mapping's options."
_LIVE: Final = (Verdict.OK, Verdict.ONE_WAY)
"""The verdicts beside which values without a partner are worth a word."""
_FieldOf = tuple[Object, System, str]
"""A field by its object, system and name."""


def tell_mappings(situation: Situation, mappings: Mapping[Object, tuple[JudgedMapping, ...]]) -> Frame:
    """One row per mapping of an enabled object, as `core.tables.MAPPING`.

    Computes: one pass over each record table for the filled values, more for choices without a partner and lookups.
    """
    on = {object_: mapped for object_, mapped in mappings.items() if situation.sync(object_).enabled}
    filled = _filled(situation, on)
    rows = [_row(Job(situation, object_), judged, filled) for object_, mapped in on.items() for judged in mapped]
    return situation.from_rows(rows, MAPPING.columns)


def _row(job: Job, judged: JudgedMapping, filled: Mapping[_FieldOf, int]) -> dict[str, Any]:
    verdict = judged.judged
    row: dict[str, Any] = {
        "object": job.object.value,
        "hubspot_field": judged.mapping.hubspot,
        "dynamics_field": judged.mapping.dynamics,
        "verdict": verdict.verdict.value,
        "allowed_directions": judged.flow.value if judged.flow is not None else "none",
        "reason": verdict.reason,
        "rule_id": verdict.rule_id,
        "workaround": verdict.workaround,
        "rows_affected": None if verdict.verdict is Verdict.OK else _concerned(job.object, judged, filled),
    }
    row |= _about_options(job, judged) | _about_lookup(job, judged)
    return row | _about_delivery(judged, row)


def _about_options(job: Job, judged: JudgedMapping) -> dict[str, Any]:
    """What is said instead when values of a mapped choice have no partner."""
    unpaired = find_unpaired(job, judged) if judged.judged.verdict in _LIVE else []
    if not unpaired:
        return {}
    return {
        "verdict": Verdict.LOSSY.value,
        "reason": tell_unpaired(judged, unpaired),
        "rule_id": "field.option-unpaired",
        "workaround": _PAIR_THEM,
        "rows_affected": sum(side.records for side in unpaired),
    }


def _about_lookup(job: Job, judged: JudgedMapping) -> dict[str, Any]:
    """The recipe for a lookup that is mapped."""
    column = judged.fields[System.DYNAMICS]
    if judged.judged.rule_id != "field.lookup-blocked" or column is None:
        return {}
    return {"workaround": recipe_of(job, column).text}


def _about_delivery(judged: JudgedMapping, row: Mapping[str, Any]) -> dict[str, Any]:
    """What is said as well when a column was not delivered; a mapping that would be in order is not checked then."""
    if not judged.lacks_a_column:
        return {}
    missing = [f"{system.label} {judged.name_of(system)}" for system in System if system not in judged.delivered]
    were = "was" if len(missing) == 1 else "were"
    says = f"{' and '.join(missing)} {were} not delivered, so {NOT_COMPARED}."
    if row["verdict"] != Verdict.OK.value:
        return {"reason": f"{row['reason']} {says}"}
    return {
        "verdict": Verdict.NOT_CHECKED.value,
        "reason": says,
        "rule_id": "field.missing",
        "workaround": f"Deliver {' and '.join(missing)}, too.",
    }


def _concerned(object_: Object, judged: JudgedMapping, filled: Mapping[_FieldOf, int]) -> int | None:
    """Records that hold a value which cannot travel, or not whole; None when neither side delivered the field."""
    counts = [filled[field] for field in _stuck_fields(object_, judged) if field in filled]
    return sum(counts) if counts else None


def _stuck_fields(object_: Object, judged: JudgedMapping) -> list[_FieldOf]:
    """The fields whose values cannot travel, or not whole; none of a mapping with nothing to say."""
    if judged.judged.verdict is Verdict.OK:
        return []
    stuck = [system for system in System if not judged.writes_to(system.other)] or list(System)
    return [(object_, system, judged.name_of(system)) for system in stuck]


def _filled(situation: Situation, mappings: Mapping[Object, Iterable[JudgedMapping]]) -> dict[_FieldOf, int]:
    """How many records hold a value, per delivered field whose values are stuck; lookups by their bare name."""
    stuck = [
        field for object_, mapped in mappings.items() for judged in mapped for field in _stuck_fields(object_, judged)
    ]
    asked: dict[_FieldOf, Question[int]] = {}
    for object_, system, name in dict.fromkeys(stuck):
        delivered = situation.columns(object_, system)
        column = name if name in delivered else f"_{name}_value"
        if column in delivered:
            table = situation.tables[record_table(object_, system).name]
            filled = situation.text(object_, system, column).count()
            asked[object_, system, name] = Question((Number(table, filled),), sum)
    return answers({}, asked)
