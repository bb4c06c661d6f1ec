"""The second half of a chain: what is written, what becomes of the associations, and what the outcome hangs on.

Facts
    * Every write names old value, new value, where it comes from, and why.
    * Associations that begin at the record come first, then those that point at it; of many the first ten are told.

Not modelled
    * What another choice would make of the record: the forecast keeps which choices would change it, not into what.

Source: the forecast's tables changes, links and outcomes; assumptions of rules/assumptions.toml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynsync_lib.core.explain.evidence import Evidence, Row, Step, rows_of
from dynsync_lib.core.model import ChangeKind, LinkStatus, Object, Outcome, System
from dynsync_lib.core.tables import NOT_COMPARED
from dynsync_lib.listing import some_of

_MOST_LINKS: Final = 10
_NOTES: Final[Mapping[str, tuple[str, str | None]]] = {
    "several_writers": ("though another pair writes another value there, and nobody says which is last", None),
    "stale_winner": ("although its record is older than the one it overwrites", None),
    "value_skipped": ("but the other side would not take it, so it is skipped", "field.option-unpaired"),
    "owner_unresolved": ("but no owner of that address is there, so it is skipped", "field.owner-by-email"),
    "lifecycle_ignored": ("but a stage does not go backward, so nothing happens", "field.lifecycle-forward"),
}
"""What a note means, and the rule that speaks instead of the usual one."""
_STATUSES: Final[Mapping[str, str]] = {
    LinkStatus.SYNCED: "goes along",
    LinkStatus.DROPPED_NON_PRIMARY: "is dropped",
    LinkStatus.PARENT_IS_CONTACT: "is lost: it points to a contact",
    LinkStatus.TARGET_NOT_SYNCED: "is lost: one of the two does not sync",
    LinkStatus.MANUAL: "must be made by hand",
    LinkStatus.AUTO_CREATED: "brings a company that is not there yet",
}


def field_steps(evidence: Evidence, row: Row) -> Iterator[Step]:
    """One step per field that would be written in the pair of a record, on either side, and what was not compared."""
    mine = {f"{row['system']}_id": row["record_id"]}
    objects = [row["object"]]
    if row["system"] == System.HUBSPOT and row["object"] == Object.CONTACT:
        objects.append(Object.LEAD)
    for change in (change for object_ in objects for change in evidence.rows("changes", object=object_, **mine)):
        yield evidence.step("field", _write(evidence, change), _rule_of_write(evidence, change))
    if row["outcome"] in {Outcome.UPDATE, Outcome.LINK}:
        yield from _uncompared(evidence, objects)


def _uncompared(evidence: Evidence, objects: list[str]) -> Iterator[Step]:
    """One step that names the mappings of which a column was not delivered; none when there are none."""
    mappings = [mapping for object_ in objects for mapping in evidence.rows("mapping", object=object_)]
    fields = [mapping["hubspot_field"] for mapping in mappings if NOT_COMPARED in (mapping["reason"] or "")]
    if fields:
        names = some_of(fields, _MOST_LINKS)
        yield evidence.step("not seen", f"Not compared, as a column was not delivered: {names}.", "field.missing")


def _write(evidence: Evidence, change: Row) -> str:
    target = f"{System(change['target_system']).label} {change['target_field']}"
    new, old = (evidence.value(change["object"], change[name]) for name in ("new_value", "old_value"))
    source = f"{change['source_field']} of {_source_id(change)}"
    said = f"fills {target} with {new}" if change["old_value"] is None else f"overwrites {target} {old} with {new}"
    note = _NOTES.get(change["note"] or "", (str(change["note"] or "").replace("_", " "), None))[0]
    return f"{source} {said}{', ' + note if note else ''}."


def _source_id(change: Row) -> str:
    is_hubspot = change["target_system"] == System.HUBSPOT
    return str(change["dynamics_id"] if is_hubspot else change["hubspot_id"])


def _rule_of_write(evidence: Evidence, change: Row) -> str:
    rule = _NOTES.get(change["note"] or "", ("", None))[1]
    if change["note"] == "value_skipped":
        return _rule_of_skip(evidence, change)
    if rule is None and change["source_field"] == "default_lifecycle_stage":
        return "field.lifecycle-forward"
    return rule or ("field.fill" if change["kind"] == ChangeKind.FILL else "field.conflict-winner")


def _rule_of_skip(evidence: Evidence, change: Row) -> str:
    """Why a value was skipped: options without partners always are, the rest under `invalid_value = skip_field`."""
    system, object_ = System(change["target_system"]), Object(change["object"])
    field = evidence.catalogue.find(system, object_, change["target_field"]) if evidence.catalogue else None
    if field is None or field.options:
        return "field.option-unpaired"
    if system is System.HUBSPOT:
        return "contact.invalid-email"
    return "field.range" if field.min_value is not None or field.max_value is not None else "field.too-long"


def link_steps(evidence: Evidence, row: Row) -> Iterator[Step]:
    """One step per association of the record, per association that points at it, and per name that means nobody."""
    ends = {"from_system": row["system"], "from_object": row["object"], "from_id": row["record_id"]}
    yield from _told(evidence, evidence.rows("links", **ends), "to_object", "to_id")
    heads = {"from_system": row["system"], "to_object": row["object"], "to_id": row["record_id"]}
    yield from _told(evidence, evidence.rows("links", **heads), "from_object", "from_id")
    yield from _unresolved(evidence, row)


_UNRESOLVED: Final = {
    "unknown": "no exported record has",
    "near": "no exported record has, though one has it but for case, blanks or accents",
    "ambiguous": "several exported records have",
}
"""What is said of a name, by why it means no single record."""


def _unresolved(evidence: Evidence, row: Row) -> Iterator[Step]:
    """One step per lookup of the record that an exported file fills with a name which means no single record."""
    mine = {name: row[name] for name in ("system", "object", "record_id")}
    for lookup in rows_of(evidence.unresolved, mine) if evidence.unresolved is not None else []:
        why = _UNRESOLVED[lookup["why"]]
        says = f"Its {lookup['field']} holds a name that {why}: it counts as blank, and nobody knows whom it means."
        yield evidence.step("not seen", says, "field.missing")


def _told(evidence: Evidence, rows: list[dict[str, Any]], object_: str, id_: str) -> Iterator[Step]:
    word = "The association to" if object_ == "to_object" else "The association from"
    for link in rows[:_MOST_LINKS]:
        status = _STATUSES.get(link["status"], link["status"])
        if link["status"] == LinkStatus.TARGET_NOT_SYNCED and evidence.sync(Object.LEAD) is not None:
            status += ", or syncs as a lead, which has no associations"
        yield evidence.step("link", f"{word} {link[object_]} {link[id_]} {status}.", link["rule_id"])
    if len(rows) > _MOST_LINKS:
        yield Step("link", f"{len(rows) - _MOST_LINKS:,} more stand in the table of links.")


def assumption_steps(evidence: Evidence, row: Row) -> Iterator[Step]:
    """The open questions whose other answer would change this outcome."""
    for name in (row["sensitive_to"] or "").split(";"):
        knob = evidence.rulebook.assumptions.get(name)
        if knob is not None:
            chosen = evidence.choice(name)
            others = _moving_choices(evidence, name, row["object"])
            under = others[0] if len(others) == 1 else f"at least one of {', '.join(others)}"
            says = f"{knob.question} The forecast takes {chosen}; under {under} this record ends otherwise."
            yield Step("assumption", f"{name}: {says}", None, ", ".join(knob.sources))


def _moving_choices(evidence: Evidence, assumption: str, object_: str) -> list[str]:
    """The other choices that move any record of the object."""
    rows = evidence.rows("sensitivity", assumption_id=assumption)
    return [row["choice"] for row in rows if f";{object_}=" in f";{row['by_object'] or ''}"]
