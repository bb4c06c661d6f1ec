"""After the first sync: what would have travelled between two snapshots of the same portals, and who has escaped.

Facts
    * What changed on one side travels where the mapping lets it, whoever is the winner; what changed on both and
      differs is settled by the conflict winner, in a one-way mapping by its source (3.6, 3.7). A blank never travels.
    * An escape is a pair that a filter would no longer let in, and that keeps syncing all the same (4.2).

Not modelled
    * What happened in between and was undone again; records that came into being after the first snapshot.
    * Refusals by the target: `forecast --bindings` of the later snapshot judges them.

Source: rules record.bindings, record.fence, field.conflict-winner, field.never-blank; docs/semantics.md section 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.first_records import may_pair
from dynsync_lib.core.matching.sides import prepare_side
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Situation, stack
from dynsync_lib.core.tables import BINDINGS, CHANGES, Column, Table
from dynsync_lib.core.typed_values import are_same, no_text
from dynsync_lib.core.writing.field_values import (
    are_equal,
    column_of,
    columns_of,
    new_value,
    own_form,
    value_of,
    with_trimmed,
)
from dynsync_lib.core.writing.writes import equal_column, fresh_column, notes_without_partner

ESCAPES: Final = Table(
    "escapes",
    "one pair that a filter would no longer let in, and that keeps syncing",
    (
        *BINDINGS.columns,
        Column("hubspot_passes", "flag", "whether the HubSpot record still passes its filter"),
        Column("dynamics_passes", "flag", "whether the Dynamics record still passes its filter"),
    ),
    ("object", "hubspot_id", "dynamics_id"),
)
_IDS: Final = ("hubspot_id", "dynamics_id")


def replay_snapshots(before: Situation, after: Situation, bindings: Frame) -> dict[str, Frame]:
    """`changes` (columns of model.CHANGES) and `escapes` (ESCAPES) of all enabled objects.

    `before` and `after` differ in their tables and their moment only; `bindings` has the columns of model.BINDINGS and
    holds the pairs at `before`. Pairs of which a record has gone since are left out (3.10).
    """
    objects = [object_ for object_ in Object if before.sync(object_).enabled]
    replayed = [_replay_object(Job(before, object_), Job(after, object_), bindings) for object_ in objects]
    changes = [part.changes for part in replayed if part.changes is not None]
    return {
        "changes": _stacked(changes, after, CHANGES.columns),
        "escapes": _stacked([part.escapes for part in replayed], after, ESCAPES.columns),
    }


@dataclass(frozen=True, slots=True)
class _Replayed:
    changes: Frame | None
    escapes: Frame


def _replay_object(before: Job, after: Job, bindings: Frame) -> _Replayed:
    pairs = after.keep(_living_pairs(before, after, bindings), f"{after.object}_replayed_pairs")
    escapes = after.keep(find_escapes(after, pairs), f"{after.object}_escapes")
    if after.chosen("filter_semantics") == "continuous":
        pairs = pairs.join(escapes.select(*_IDS), on=list(_IDS), how="anti")
    flowing = [judged for judged in after.flowing if judged.is_compared]
    wide = _compare(before, after, pairs, flowing)
    writes = [_write_rows(after, wide, judged, number=number) for number, judged in enumerate(flowing)]
    return _Replayed(stack([frame for frames in writes for frame in frames]) if writes else None, escapes)


def _stacked(frames: Sequence[Frame], situation: Situation, columns: Sequence[Column]) -> Frame:
    return stack(frames) if frames else situation.from_rows([], columns)


# --- Pairs -------------------------------------------------------------------------------------------------------


def _living_pairs(before: Job, after: Job, bindings: Frame) -> Frame:
    """hubspot_id, dynamics_id of the pairs whose records are there at both moments."""
    pairs = bindings.filter(nw.col("object") == after.object.value).select(*_IDS).unique()
    for moment in (before, after):
        for system in System:
            records = moment.records(system).select(**{f"{system}_id": nw.col("id")})
            pairs = pairs.join(records, on=f"{system}_id", how="semi")
    return pairs


def find_escapes(after: Job, pairs: Frame) -> Frame:
    """Of bound pairs (hubspot_id, dynamics_id) those that step 3 would not make any more, as ESCAPES."""
    judged = pairs
    for system in System:
        side = prepare_side(after, system)
        passes = {f"{system}_id": nw.col("id"), f"{system}_passes": nw.col("passes")}
        judged = judged.join(side.select(**passes), on=f"{system}_id")
    return (
        judged.filter(~may_pair(after))
        .select(
            *_IDS,
            object=nw.lit(after.object.value),
            hubspot_passes="hubspot_passes",
            dynamics_passes="dynamics_passes",
        )
        .select(*ESCAPES.column_names)
    )


# --- Values ------------------------------------------------------------------------------------------------------


def _compare(before: Job, after: Job, pairs: Frame, flowing: Sequence[JudgedMapping]) -> Frame:
    """The pairs with the later values, what they would write, and per mapping and side whether it has changed."""
    wide = _values(after, pairs, flowing)
    earlier = _values(before, pairs, [replace(judged, trimmed=frozenset()) for judged in flowing])
    forms = {
        _form(number, system): own_form(judged, system) for number, judged in enumerate(flowing) for system in System
    }
    if not forms:
        return wide
    old = after.keep(
        earlier.select(*_IDS, **{f"old {name}": form for name, form in forms.items()}), f"{after.object}_old"
    )
    new = {f"new {name}": form for name, form in forms.items()}
    equal = {equal_column(number): are_equal(judged) for number, judged in enumerate(flowing)}
    fresh = {
        fresh_column(number, side): new_value(judged, side)
        for number, judged in enumerate(flowing)
        for side in System
        if judged.writes_to(side)
    }
    later = after.keep(wide.with_columns(**new, **equal, **fresh), f"{after.object}_new")
    both = later.join(old, on=list(_IDS))
    changed = {_changed(name): ~are_same(nw.col(f"old {name}"), nw.col(f"new {name}")) for name in forms}
    return after.keep(both.with_columns(**changed), f"{after.object}_replayed")


def _values(job: Job, pairs: Frame, flowing: Sequence[JudgedMapping]) -> Frame:
    wide = pairs
    for system in System:
        table = job.records(system)
        delivered = frozenset(table.collect_schema().names())
        chosen = {
            column_of(system, name): nw.col(name) if name in delivered else no_text()
            for name in _needed(job, flowing, system)
        }
        wide = wide.join(table.select(**{f"{system}_id": nw.col("id")}, **chosen), on=f"{system}_id")
    return with_trimmed(job.situation, wide, flowing, System)


def _needed(job: Job, flowing: Sequence[JudgedMapping], system: System) -> list[str]:
    keys = [column.name for column in job.table(system).keys if column.name == "email_key"]
    return [*columns_of(flowing, system), *keys]


def _form(number: int, system: System) -> str:
    return f"form:{number}:{system}"


def _changed(form: str) -> str:
    return f"changed {form}"


# --- What travels ------------------------------------------------------------------------------------------------


def _write_rows(job: Job, wide: Frame, judged: JudgedMapping, *, number: int) -> list[Frame]:
    """What one mapping, the `number`th of those that carry values, writes; one frame per system written to."""
    return [_rows_to(job, wide, judged, number=number, target=target) for target in System if judged.writes_to(target)]


def _rows_to(job: Job, wide: Frame, judged: JudgedMapping, *, number: int, target: System) -> Frame:
    """The values of one mapping that would travel into `target`, as model.CHANGES.

    A value travels when the source alone has changed. Where both have, it travels when the source wins, or when the
    target is blank. Equal values and blanks never travel.
    """
    source = target.other
    source_value, target_value = value_of(source, judged), value_of(target, judged)
    written = nw.col(fresh_column(number, target))
    source_changed, target_changed = (nw.col(_changed(_form(number, system))) for system in (source, target))
    source_wins = not judged.is_two_way or job.sync.conflict_winner is source
    settled = source_changed & target_changed & (target_value.is_null() | nw.lit(value=source_wins))
    is_equal = nw.col(equal_column(number)).fill_null(value=False)
    travels = ((source_changed & ~target_changed) | settled) & ~is_equal & ~source_value.is_null()
    note = nw.when(target_changed).then(nw.lit("both_changed")).otherwise(nw.lit("one_side_changed"))
    writes = wide.filter(travels).select(
        *_IDS,
        object=nw.lit(job.object.value),
        target_system=nw.lit(target.value),
        target_field=nw.lit(judged.name_of(target)),
        source_field=nw.lit(judged.name_of(source)),
        kind=nw.when(target_value.is_null()).then(nw.lit("fill")).otherwise(nw.lit("overwrite")),
        old_value=nw.when(~target_value.is_null()).then(nw.col(column_of(target, judged.columns[target]))),
        new_value=nw.coalesce(written, source_value),
        note=nw.coalesce(*notes_without_partner(job.situation, judged, target=target, fresh=written), note),
    )
    return writes.select(*CHANGES.column_names)
