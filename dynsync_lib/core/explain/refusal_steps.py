"""Which values a target refuses: the column, what it would get, and what it takes.

Facts
    * Only values that would be written are told: all of a new record's, those that land of a pair's.
    * Only the snapshot has the values; without it, or where none is found, the rule's own sentence stands alone.

Not modelled
    * Values of choices without a partner under `invalid_value = fail_options`: the mapping table names those.

Source: rules field.too-long, field.range, field.required, contact.invalid-email (5.25, 9.1, 9.5, 9.10, 9.13).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from dynsync_lib.core.explain.entry_steps import sync_that_creates, syncs_of
from dynsync_lib.core.explain.evidence import Evidence, Row, Step
from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.fields.verdicts import kind_of
from dynsync_lib.core.keys import trimmed_key
from dynsync_lib.core.model import Direction, Object, Reason, System, flows_into
from dynsync_lib.core.writing.refusals import EARLIEST, LATEST, required_fields, requirement_levels

_FILLED_OTHERWISE: Final = ("email", "lifecyclestage", "dealstage", "pipeline")
"""Properties that a new record may get without a mapping."""
_Told = Callable[[Evidence, Row, Field, str], str | None]


def refusal_steps(evidence: Evidence, row: Row, record: Row | None) -> Iterator[Step]:
    """One step per value for which a failing record is refused; none for other records."""
    if record is None or evidence.catalogue is None or row["outcome"] != "failing":
        return
    for object_ in _objects(evidence, row, record):
        for sentence in _sentences(evidence, row, record, object_):
            yield evidence.step("field", sentence, row["rule_id"])


def _sentences(evidence: Evidence, row: Row, record: Row, object_: Object) -> Iterator[str]:
    if row["rule_id"] == "field.required-in-hubspot":
        yield from _empty_properties(evidence, row, record, object_)
    elif row["reason"] == Reason.REQUIRED:
        yield from _empty_columns(evidence, row, record, object_)
    elif row["reason"] in _TELLS:
        yield from _refused_values(evidence, row, record, object_)


# --- Values ------------------------------------------------------------------------------------------------------


def _refused_values(evidence: Evidence, row: Row, record: Row, object_: Object) -> Iterator[str]:
    source, tell = System(row["system"]), _TELLS[row["reason"]]
    for mapping, field in _written(evidence, row, object_):
        value = _held(record, mapping[f"{source}_field"])
        sentence = tell(evidence, row, field, value) if value is not None else None
        if sentence is not None and _lands(evidence, row, mapping):
            yield f"{field.system.label} {field.name} {sentence}"


def _too_long(evidence: Evidence, row: Row, field: Field, value: str) -> str | None:
    del row
    if kind_of(field, evidence.rulebook) != "text" or field.length is None or len(value) <= field.length:
        return None
    return f"would get {len(value):,} characters and takes {field.length:,}."


def _out_of_range(evidence: Evidence, row: Row, field: Field, value: str) -> str | None:
    if row["rule_id"] == "field.date-only":
        has_time = kind_of(field, evidence.rulebook) == "date" and len(value) > len(EARLIEST[:10])
        return f"would get {evidence.value(row['object'], value)} and takes no time." if has_time else None
    if kind_of(field, evidence.rulebook) in ("date", "datetime"):
        is_held = EARLIEST[:10] <= value[:10] <= LATEST[:10]
        return None if is_held else f"would get {evidence.value(row['object'], value)} and takes dates from 1753 on."
    try:
        number = float(value)
    except ValueError:
        return None
    if row["rule_id"] == "field.whole-number" and field.type in ("Integer", "BigInt") and not number.is_integer():
        return f"would get {evidence.value(row['object'], value)} and takes whole numbers only."
    least, most = field.min_value, field.max_value
    if (least is None or number >= least) and (most is None or number <= most):
        return None
    limits = [f"from {least:,.10g}" if least is not None else "", f"up to {most:,.10g}" if most is not None else ""]
    return f"would get {evidence.value(row['object'], value)} and takes numbers {' '.join(filter(None, limits))}."


def _no_address(evidence: Evidence, row: Row, field: Field, value: str) -> str | None:
    if field.name != "email":
        return None
    return f"would get {evidence.value(row['object'], value)}, which is no valid address."


_TELLS: Final[Mapping[str, _Told]] = {
    Reason.TOO_LONG: _too_long,
    Reason.RANGE: _out_of_range,
    Reason.INVALID_EMAIL: _no_address,
}


# --- Required columns --------------------------------------------------------------------------------------------


def _empty_columns(evidence: Evidence, row: Row, record: Row, object_: Object) -> Iterator[str]:
    levels = requirement_levels(evidence.choice("app_required"))
    written = {field.name: mapping for mapping, field in _written(evidence, row, object_)}
    wanted = required_fields(evidence.catalogue, evidence.rulebook, object_, levels) if evidence.catalogue else []
    for column in wanted:
        mapping = written.get(column.name)
        if mapping is None:
            yield f"Dynamics {column.name} must be filled, and nothing is mapped to it."
        elif _held(record, mapping["hubspot_field"]) is None:
            yield f"Dynamics {column.name} must be filled, and {mapping['hubspot_field']} is empty."


def _empty_properties(evidence: Evidence, row: Row, record: Row, object_: Object) -> Iterator[str]:
    """What an administrator of HubSpot requires and no value fills, as far as values of this record decide it."""
    written = {field.name: mapping for mapping, field in _written(evidence, row, object_)}
    for name in (evidence.sync(object_.value) or {}).get("required_properties", ()):
        mapping = written.get(name)
        if mapping is None and name not in _FILLED_OTHERWISE:
            yield f"HubSpot {name} must be filled, and nothing is mapped to it."
        elif mapping is not None and _held(record, mapping["dynamics_field"]) is None and name != "email":
            yield f"HubSpot {name} must be filled, and {mapping['dynamics_field']} is empty."


# --- What would be written ---------------------------------------------------------------------------------------


def _objects(evidence: Evidence, row: Row, record: Row) -> list[Object]:
    """The sync that would write: that of the counterpart, or the one that would create the record."""
    if row["counterpart_id"] is None:
        name = sync_that_creates(evidence, row, record)
        return [Object(name)] if name is not None else []
    return [Object(name) for name in syncs_of(evidence, row) if _counterpart(evidence, row, name) is not None]


def _counterpart(evidence: Evidence, row: Row, object_: str) -> Row | None:
    other = {"system": System(row["system"]).other, "object": object_, "record_id": row["counterpart_id"]}
    return evidence.record(other)


def _written(evidence: Evidence, row: Row, object_: Object) -> Iterator[tuple[Mapping[str, Any], Field]]:
    """The mappings that write into the other system, with the field that they write to."""
    target = System(row["system"]).other
    for mapping in evidence.rows("mapping", object=object_.value):
        name = mapping[f"{target}_field"]
        field = evidence.catalogue.find(target, object_, name) if evidence.catalogue is not None else None
        if field is not None and flows_into(mapping["allowed_directions"], target):
            yield mapping, field


def _lands(evidence: Evidence, row: Row, mapping: Mapping[str, Any]) -> bool:
    """Whether a value of the record would be written into its counterpart, or into a new record."""
    if row["counterpart_id"] is None:
        return True
    source = System(row["system"])
    theirs = _counterpart(evidence, row, mapping["object"])
    sync = evidence.sync(mapping["object"])
    if theirs is None or sync is None:
        return False
    is_winner = sync["conflict_winner"] == source
    if mapping["allowed_directions"] == Direction.TWO_WAY:
        is_blank = _held(theirs, mapping[f"{source.other}_field"]) is None
        return is_winner or (is_blank and evidence.choice("fill_empty_winner") == "true")
    return is_winner or evidence.choice("oneway_winner") == "direction_wins"


def _held(record: Row, field: str) -> str | None:
    """The trimmed value of a field; None when it is blank or was not delivered."""
    return trimmed_key(record.get(field, record.get(f"_{field}_value")))
