"""The receipt: for every record of the earlier snapshot what was predicted, beside what has become of it.

Facts
    * A prediction holds when a counterpart came into being exactly where one was to be created, and the fields of the
      record and of the record it is matched with are as foretold: written where a write was to land, else untouched;
      so are its associations (`associations`).
    * A HubSpot contact that fails by its pair may all the same be created by the other sync of people
      (docs/semantics.md 5.8, line 1a); of one that was, nobody can tell whether it was to be.
    * A record that somebody changed in the meantime, or that is gone, is never a miss; the sync deletes nothing
      (rule record.never-deleted).
    * What nobody can judge is `not_settled`: neither a hit nor a miss.
    * A miss puts the rule in doubt that decided, or the rule of the field; where the record hangs on an open question,
      that question.

Not modelled
    * Marketing status; the fields of records that were created.

Source: docs/verification.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import stack
from dynsync_lib.core.tables import Column, RecordTable, Table
from dynsync_lib.core.typed_values import no_text
from dynsync_lib.verification.associations import find_association_problems, find_counterparts
from dynsync_lib.verification.causes import CAUSES, MISSES, Cause
from dynsync_lib.verification.created_records import CREATED, NOT_CREATED, UNKNOWN, CreatedRecords, find_created
from dynsync_lib.verification.evidence import FAMILIES, Evidence, tables_of
from dynsync_lib.verification.people import SyncUsers, changed_records, find_sync_users
from dynsync_lib.verification.touched_records import Touched
from dynsync_lib.verification.written_fields import find_problems, find_written

RECEIPT: Final = Table(
    "receipt",
    "one input record of the forecast",
    (
        Column("system", "text", "hubspot or dynamics"),
        Column("object", "text", "contact, company, lead, deal or invoice"),
        Column("record_id", "text", "record id"),
        Column("predicted", "text", "the outcome of the forecast"),
        Column("predicted_reason", "text", "its reason; null when the outcome has none"),
        Column(
            "actual",
            "text",
            "the predicted outcome where it held; else create, update, untouched or gone; null when not settled",
        ),
        Column("hit", "flag", "whether the prediction held; null when people changed the record or nobody can say"),
        Column("cause", "text", f"{', '.join(CAUSES[:-1])} or {CAUSES[-1]}"),
        Column("rule_id", "text", "the rule that decided; of a miss the rule that is in doubt"),
        Column("assumptions", "text", "open questions a miss puts in doubt, separated by `;`; null for all others"),
    ),
    ("system", "object", "record_id"),
)
_PAIRED: Final = ("update", "link")
_FACTS: Final = ("by_people", "misses", "unknowns", "rule", "written", "gone")
"""What is known of some records: by people (1 or 0), misses, unknowns (counts), rule, written, gone (1 or 0)."""


def build_receipt(evidence: Evidence, touched: Touched) -> Frame:
    """The receipt of all records of the earlier snapshot, as RECEIPT."""
    users = find_sync_users(evidence, touched)
    counterparts: dict[Object, Frame] = {}
    receipts = [evidence.engine.from_rows([], RECEIPT.columns)]
    for family in filter(evidence.is_held, FAMILIES):
        created = {system: find_created(evidence, system, family, touched, users) for system in System}
        counterparts[family] = find_counterparts(evidence, family, created)
        associations = find_association_problems(evidence, family, counterparts, touched)
        receipts += _receipts_of_family(evidence, family, touched, users, created, associations)
    return stack(receipts)


def _receipts_of_family(
    evidence: Evidence,
    family: Object,
    touched: Touched,
    users: SyncUsers,
    created: Mapping[System, CreatedRecords],
    associations: Mapping[System, Frame],
) -> Iterator[Frame]:
    tables = [table for system in System for table in evidence.held_tables(system, family)]
    fields = {table: evidence.written_fields(table) for table in tables}
    written = {table: find_written(evidence, table, touched[table], fields[table]) for table in tables}
    changed = {table: changed_records(table, touched, users) for table in tables}
    facts = {}
    for table in tables:
        opposite = evidence.held_tables(table.system.other, family)
        others = stack([written[other] for other in opposite])
        problems = find_problems(evidence, table, fields[table], written[table], others)
        sources = [changed[other] for other in opposite]
        rows = [
            _facts(written[table].select("id").unique(), written=nw.lit(1)),
            _facts(touched[table].gone(), gone=nw.lit(1)),
            _of_fields(problems, changed[table], sources),
        ]
        if table.object is family:
            rows.append(_of_associations(associations[table.system], sources))
        facts[table] = evidence.engine.keep(_added_up(rows, changed[table]), f"facts {table.name}")
    along = _created_along(evidence, family)
    for table in tables:
        partners = stack([facts[other] for other in evidence.held_tables(table.system.other, family)])
        receipt = _receipt(evidence, table, facts[table], partners, created[table.system], along, family)
        yield evidence.engine.keep(receipt, f"receipt {table.name}")


# --- What is known of records --------------------------------------------------------------------------------------


def _added_up(rows: Sequence[Frame], changed: Frame | None) -> Frame:
    """id and the columns of `_FACTS`, one row per record of which something is known."""
    if changed is not None:
        rows = [*rows, _facts(changed, by_people=nw.col("by_people"))]
    numbers = {name: nw.col(name).sum() for name in _FACTS if name != "rule"}
    return stack(rows).group_by("id").agg(rule=nw.col("rule").min(), **numbers)


def _of_fields(problems: Frame, changed: Frame | None, sources: Sequence[Frame | None]) -> Frame:
    """The facts of writes that are not as foretold; `changed` are records of the table, `sources` of the other side."""
    known = _by_somebody(problems, [changed], id_="id", name="by_somebody")
    known = _by_somebody(known, sources, id_="source_id", name="source_by_somebody")
    excuse = nw.when(nw.col("is_missing")).then(nw.col("source_by_somebody")).otherwise(nw.col("by_somebody"))
    return _missed(known, nw.col("is_unseen") | excuse)


def _of_associations(problems: Frame, targets: Sequence[Frame | None]) -> Frame:
    """The facts of associations that are not as foretold, by the record they start at; `targets` hold them."""
    known = _by_somebody(problems, targets, id_="target_id", name="by_somebody")
    return _missed(known, ~nw.col("is_missing") & nw.col("by_somebody"))


def _missed(problems: Frame, is_unknown: nw.Expr) -> Frame:
    """A miss for each problem, of those that are unknown nothing but that."""
    return _facts(
        problems,
        misses=(~is_unknown).cast(nw.Int64),
        unknowns=is_unknown.cast(nw.Int64),
        rule=nw.when(~is_unknown).then(nw.col("rule_id")),
    )


def _by_somebody(problems: Frame, changed: Sequence[Frame | None], *, id_: str, name: str) -> Frame:
    """The problems with a flag whether the record that `id_` names was changed, nobody knows by whom."""
    known = [frame for frame in changed if frame is not None]
    if not known:
        return problems.with_columns(**{name: nw.lit(value=False)})
    flags = stack(known).select(**{id_: nw.col("id"), name: nw.col("by_somebody")})
    return problems.join(flags, on=id_, how="left").with_columns(
        **{name: nw.coalesce(nw.col(name), nw.lit(value=False))}
    )


def _facts(frame: Frame, **known: nw.Expr) -> Frame:
    nothing = {name: no_text() if name == "rule" else nw.lit(0, dtype=nw.Int64) for name in _FACTS}
    filled = {name: value if name == "rule" else value.cast(nw.Int64) for name, value in known.items()}
    return frame.select("id", **{**nothing, **filled}).select("id", *_FACTS)


def _created_along(evidence: Evidence, family: Object) -> Frame:
    """system, record_id of the records that are to be created along with another one (companies of contacts)."""
    links = evidence.forecast_table("links")
    is_along = (nw.col("rule_id") == "link.company-created-along") & (nw.col("to_object") == family.value)
    return links.filter(is_along).select(system="from_system", record_id="to_id").unique()


# --- The verdict ---------------------------------------------------------------------------------------------------


def _receipt(
    evidence: Evidence,
    table: RecordTable,
    facts: Frame,
    partners: Frame,
    created: CreatedRecords,
    along: Frame,
    family: Object,
) -> Frame:
    is_paired = nw.col("outcome").is_in(_PAIRED)
    outcomes = evidence.outcomes(table).with_columns(partner_id=nw.when(is_paired).then(nw.col("counterpart_id")))
    own = facts.rename({"id": "record_id"})
    theirs = partners.select(partner_id="id", **{f"their_{name}": nw.col(name) for name in _FACTS})
    mine = along.filter(nw.col("system") == table.system.value).select("record_id", is_along=nw.lit(value=True))
    known = (
        outcomes.join(own, on="record_id", how="left")
        .join(theirs, on="partner_id", how="left")
        .join(created.rows.select("created", "made_by_people", record_id="id"), on="record_id", how="left")
        .join(mine, on="record_id", how="left")
    )
    counted = known.with_columns(
        **{name: _number(name) + _number(f"their_{name}") for name in _FACTS if name != "rule"},
        doubted=nw.coalesce("rule", "their_rule"),
        expects=((nw.col("outcome") == "create") | nw.coalesce("is_along", nw.lit(value=False))),
        created=_number("created"),
        may_be_created=_may_be_created_beside(evidence),
        made_by_people=nw.coalesce("made_by_people", nw.lit(value=False)),
    )
    return _judged(counted, is_seen=_is_seen(evidence, table, family), is_traceable=created.is_traceable)


def _may_be_created_beside(evidence: Evidence) -> nw.Expr:
    """Whether a record fails by its pair and is created by the other sync of people, for all that the forecast says.

    Source: rule contact.created-beside.
    """
    if evidence.info.get("assumptions", {}).get("pair_in_other_sync") != "create_too":
        return nw.lit(value=False)
    is_contact = (nw.col("system") == System.HUBSPOT.value) & (nw.col("object") == Object.CONTACT.value)
    return is_contact & (nw.col("outcome") == "failing") & ~nw.col("counterpart_id").is_null()


def _number(name: str) -> nw.Expr:
    return nw.coalesce(name, nw.lit(0))


def _is_seen(evidence: Evidence, table: RecordTable, family: Object) -> bool:
    """Whether the later snapshot holds the table, and both hold those of the other side."""
    opposite = [other.name for other in tables_of(table.system.other, family)]
    held = {name: [moment.is_provided(name) for moment in (evidence.before, evidence.after)] for name in opposite}
    in_one_only = [name for name, moments in held.items() if any(moments) and not all(moments)]
    return evidence.after.is_provided(table.name) and not in_one_only and any(map(all, held.values()))


def _judged(counted: Frame, *, is_seen: bool, is_traceable: bool) -> Frame:
    """The receipt of records of which all is known: the cause, and what follows from it."""
    is_wrong, is_open = _creation(is_traceable=is_traceable)
    caused = counted.with_columns(is_wrong=is_wrong, cause=_cause(is_wrong, is_open, is_seen=is_seen))
    is_miss, is_hit = nw.col("cause").is_in(MISSES), nw.col("cause") == Cause.AS_PREDICTED.value
    doubted = nw.when(is_miss & ~nw.col("is_wrong")).then(nw.coalesce("doubted", "rule_id"))
    rows = caused.select(
        "system",
        "object",
        "record_id",
        "cause",
        predicted="outcome",
        predicted_reason="reason",
        actual=_actual(),
        hit=nw.when(is_miss | is_hit).then(is_hit),
        rule_id=doubted.otherwise(nw.col("rule_id")),
        assumptions=nw.when(nw.col("cause") == Cause.ASSUMPTION_IN_DOUBT.value).then(nw.col("sensitive_to")),
    )
    return rows.select(*RECEIPT.column_names)


def _creation(*, is_traceable: bool) -> tuple[nw.Expr, nw.Expr]:
    """Whether a counterpart came into being otherwise than foretold, and whether something about a record is open."""
    expects, created, may_be_created = nw.col("expects"), nw.col("created"), nw.col("may_be_created")
    is_wrong = nw.when(expects).then(created == NOT_CREATED).otherwise(created == CREATED) & ~may_be_created
    is_open = (created == UNKNOWN) | (nw.col("unknowns") > 0) | (may_be_created & (created == CREATED))
    if is_traceable:
        return is_wrong, is_open
    return is_wrong & ~expects, is_open | (expects & is_wrong)


def _cause(is_wrong: nw.Expr, is_open: nw.Expr, *, is_seen: bool) -> nw.Expr:
    """The first cause that fits a record."""
    fails = is_wrong | (nw.col("misses") > 0)
    is_excused = (nw.col("by_people") > 0) | (nw.col("expects") & nw.col("made_by_people"))
    return nw.coalesce(
        nw.when(nw.col("gone") > 0).then(nw.lit(Cause.CHANGED_BY_PEOPLE.value)),
        nw.when(nw.lit(value=not is_seen)).then(nw.lit(Cause.NOT_SETTLED.value)),
        nw.when(fails & is_excused).then(nw.lit(Cause.CHANGED_BY_PEOPLE.value)),
        nw.when(fails & ~nw.col("sensitive_to").is_null()).then(nw.lit(Cause.ASSUMPTION_IN_DOUBT.value)),
        nw.when(fails).then(nw.lit(Cause.RULE_IN_DOUBT.value)),
        nw.when(is_open).then(nw.lit(Cause.NOT_SETTLED.value)),
        nw.lit(Cause.AS_PREDICTED.value),
    )


def _actual() -> nw.Expr:
    """What has become of a record; null when nobody can tell."""
    seen = nw.coalesce(
        nw.when(nw.col("cause") == Cause.AS_PREDICTED.value).then(nw.col("outcome")),
        nw.when(nw.col("gone") > 0).then(nw.lit("gone")),
        nw.when(nw.col("created") == CREATED).then(nw.lit("create")),
        nw.when(nw.col("written") > 0).then(nw.lit("update")),
        nw.lit("untouched"),
    )
    return nw.when(nw.col("cause") != Cause.NOT_SETTLED.value).then(seen)
