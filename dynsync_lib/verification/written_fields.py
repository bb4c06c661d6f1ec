"""Which fields were written between two snapshots, beside those that were to be written.

Facts
    * Only fields that a mapping may write are looked at. Values are compared as what they are, so that a portal's own
      way of writing a number or a date is no difference (rule field.equal-after-typing).
    * A write that was to land and did not, one that left another value, and one that nobody predicted are told apart,
      each with the rule that it puts in doubt.
    * Where several writes to one field were foretold (`several_writers`), any of their values is right.

Not modelled
    * The fields of records that the sync created; associations.

Where it is used: `verification.receipt`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.situation import stack
from dynsync_lib.core.tables import HELD_BACK, Column, RecordTable, objects_in
from dynsync_lib.core.typed_values import no_text, trimmed
from dynsync_lib.verification.evidence import OWN_FORMS, Evidence, MappedField, differ, own_form
from dynsync_lib.verification.touched_records import TouchedRecords, new, old

_WRITTEN: Final = (Column("id", "text", ""), Column("field", "text", ""), Column("value", "text", ""))
_HELD_BACK_RULES: Final = {
    "value_skipped": "field.option-unpaired",
    "owner_unresolved": "field.owner-by-email",
    "lifecycle_ignored": "field.lifecycle-forward",
}


def find_written(
    evidence: Evidence, table: RecordTable, touched: TouchedRecords, fields: Sequence[MappedField]
) -> Frame:
    """id, field, value (in its own form, null when blank now), one row per field of a record that changed."""
    if not fields:
        return evidence.engine.from_rows([], _WRITTEN)
    rows = [_written(touched.kept(), field) for field in fields]
    return evidence.engine.keep(stack(rows), f"written {table.name}")


def _written(records: Frame, field: MappedField) -> Frame:
    """The records in which one field changed."""
    was, now = nw.col(old(field.column)), nw.col(new(field.column))
    changed = records.filter(differ(was, now))
    formed = changed.select("id", was=own_form(field, was), value=own_form(field, now))
    return (
        formed.filter(differ(nw.col("was"), nw.col("value")))
        .select("id", "value", field=nw.lit(field.name))
        .select("id", "field", "value")
    )


def find_problems(
    evidence: Evidence,
    table: RecordTable,
    fields: Sequence[MappedField],
    written: Frame,
    source_written: Frame,
) -> Frame:
    """id, rule_id, is_missing, source_id, is_unseen: one row per write that is not as it was foretold.

    `is_missing`: the field is as it was. `source_id`: the record that the value was to come from, where the value there
    changed as well; else null. `is_unseen`: the later snapshot does not hold the field. `source_written` is
    `find_written` of the other side.
    """
    foretold = _foretold(evidence, table, fields)
    held_back = nw.coalesce("note", nw.lit("")).is_in(HELD_BACK)
    landing, held = foretold.filter(~held_back), foretold.filter(held_back)
    actual = written.select("id", "field", "value", was_written=nw.lit(value=True))
    compared = landing.join(actual, on=["id", "field"], how="left")
    is_right = (nw.col("value") == nw.col("wanted")).fill_null(value=False)
    right = compared.filter(is_right, nw.col("note") == "several_writers").select("id", "field").unique()
    wrong = compared.filter(~is_right).join(right, on=["id", "field"], how="anti")
    sources = source_written.select(source_id="id", source_field="field", source_changed=nw.lit(value=True)).unique()
    wrong = wrong.join(sources, on=["source_id", "source_field"], how="left")
    is_fill = nw.col("kind") == "fill"
    names = [field.name for field in fields]
    misses = wrong.select(
        "id",
        rule_id=nw.when(is_fill).then(nw.lit("field.fill")).otherwise(nw.lit("field.conflict-winner")),
        is_missing=nw.col("was_written").is_null(),
        source_id=nw.when(nw.col("source_changed")).then(nw.col("source_id")),
        is_unseen=~nw.col("field").is_in(names),
    )
    return evidence.engine.keep(stack([misses, _unforeseen(written, landing, held)]), f"problems {table.name}")


def _unforeseen(written: Frame, landing: Frame, held: Frame) -> Frame:
    """The writes that nobody foretold, in the columns of `find_problems`."""
    extra = written.join(landing.select("id", "field").unique(), on=["id", "field"], how="anti")
    notes = held.group_by("id", "field").agg(note=nw.col("note").min())
    noted = extra.join(notes, on=["id", "field"], how="left")
    by_note = [
        nw.when(nw.col("note") == note).then(nw.lit(rule_id)) for note, rule_id in sorted(_HELD_BACK_RULES.items())
    ]
    blanked = nw.when(nw.col("value").is_null()).then(nw.lit("field.never-blank"))
    return noted.select(
        "id",
        rule_id=nw.coalesce(*by_note, blanked, nw.lit("field.conflict-winner")),
        is_missing=nw.lit(value=False),
        source_id=no_text(),
        is_unseen=nw.lit(value=False),
    )


def _foretold(evidence: Evidence, table: RecordTable, fields: Sequence[MappedField]) -> Frame:
    """id, field, wanted, kind, note, source_id, source_field: the changes of the forecast in one table."""
    objects = [object_.value for object_ in objects_in(table)]
    ours = (nw.col("target_system") == table.system.value) & nw.col("object").is_in(objects)
    return (
        evidence.forecast_table("changes")
        .filter(ours)
        .select(
            "kind",
            "note",
            "source_field",
            id=f"{table.system}_id",
            source_id=f"{table.system.other}_id",
            field="target_field",
            wanted=_wanted(fields),
        )
    )


def _wanted(fields: Sequence[MappedField]) -> nw.Expr:
    """The value that was to be written, in the form of its field's kind."""
    text = trimmed(nw.col("new_value"), already=True)
    by_kind: dict[str, list[str]] = {}
    for field in fields:
        by_kind.setdefault(field.kind, []).append(field.name)
    formed = [
        nw.when(nw.col("target_field").is_in(names)).then(OWN_FORMS[kind](text))
        for kind, names in sorted(by_kind.items())
        if kind in OWN_FORMS
    ]
    return nw.coalesce(*formed, text) if formed else nw.coalesce(text, no_text())
