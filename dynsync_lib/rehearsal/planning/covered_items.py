"""What a sample has to show: every outcome, reason, rule, open question, kind of write, association and collision.

Facts
    * An item is one combination that occurs in the forecast, such as HubSpot's contacts that fail for their address by
      one rule. The record it is seen at is the record whose sync decides it: of a write the record that it comes from.
    * Every item is counted in whole tables, and candidates are a few records of each: the first and the last by id.
      Small portals have all their records as candidates; in large ones more are looked for where these do not hold.

Source: the forecast's tables outcomes, changes, links and collisions; nothing is decided again.

Where it is used: `rehearsal.planning.sample_search`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import System
from dynsync_lib.core.tables import Column
from dynsync_lib.engine import Engine
from dynsync_lib.rehearsal.planning.record_names import Record, record_of

ALL_ARE_CANDIDATES: Final = 4_000
"""Up to so many records, both sides together, all are looked at."""
_MORE: Final = 20
"""Records to try when the first and the last that show an item cannot be brought along."""
_OUTCOME: Final = ("system", "object", "outcome", "reason", "rule_id")
_CHANGE: Final = ("object", "target_system", "target_field", "kind", "note")
_LINK: Final = ("from_system", "from_object", "to_object", "status", "rule_id")
_COLLISION: Final = ("system", "object", "is_winner")
_BY_TIMES: Final = "stale_winner"
"""A note that turns on times of change, which a portal sets itself; what is written does not turn on it."""
_NAMED: Final = (Column("system", "text", ""), Column("object", "text", ""), Column("record_id", "text", ""))


Tables = Mapping[str, Frame]
"""The forecast's tables by name."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to show. `id` begins with its sort: outcome, question, change, link or collision. `row` is one of the
    rows that show it, by the columns that make the item.
    """

    id: str
    words: str
    row: Row = field(default_factory=dict, compare=False)


@dataclass(slots=True)
class ItemsSeen:
    """Which items a set of records shows. `outcomes` are the rows of the records."""

    by_record: dict[Record, set[str]] = field(default_factory=lambda: defaultdict(set))
    words: dict[str, str] = field(default_factory=dict)
    outcomes: dict[Record, Row] = field(default_factory=dict)

    def add(self, record: Record, items: Iterable[Item]) -> None:
        """Says that a record shows some items."""
        for item in items:
            self.by_record[record].add(item.id)
            self.words[item.id] = item.words


def all_items(engine: Engine, tables: Tables) -> dict[str, tuple[Item, int]]:
    """Every item of a forecast by id, with the number of records, writes or associations that show it."""
    counted: dict[str, tuple[Item, int]] = {}
    for name, columns, items_of in _SORTS:
        rows = engine.rows(tables[name].group_by(*columns).agg(count=nw.len()))
        for row in rows:
            for item in items_of(row):
                counted[item.id] = (item, counted.get(item.id, (item, 0))[1] + row["count"])
    return dict(sorted(counted.items()))


def candidates(engine: Engine, tables: Tables, *, records: int) -> list[Record]:
    """The records to choose from, sorted; `records` is how many the forecast has."""
    if records <= ALL_ARE_CANDIDATES:
        rows = engine.rows(tables["outcomes"].select("system", "object", "record_id"))
        return sorted({record_of(row["system"], row["object"], row["record_id"]) for row in rows})
    chosen: set[Record] = set()
    by_outcome = tables["outcomes"].group_by(*_OUTCOME, "sensitive_to")
    for row in engine.rows(by_outcome.agg(first=nw.col("record_id").min(), last=nw.col("record_id").max())):
        chosen |= {record_of(row["system"], row["object"], row[end]) for end in ("first", "last")}
    for source, id_ in (("hubspot", "hubspot_id"), ("dynamics", "dynamics_id")):
        written = tables["changes"].filter(nw.col("target_system") != source).group_by(*_CHANGE)
        for row in engine.rows(written.agg(first=nw.col(id_).min(), last=nw.col(id_).max())):
            chosen |= {record_of(source, row["object"], row[end]) for end in ("first", "last")}
    by_status = tables["links"].group_by(*_LINK).agg(first=nw.col("from_id").min(), last=nw.col("from_id").max())
    for row in engine.rows(by_status):
        chosen |= {record_of(row["from_system"], row["from_object"], row[end]) for end in ("first", "last")}
    for row in engine.rows(tables["collisions"].group_by(*_COLLISION).agg(first=nw.col("record_id").min())):
        chosen.add(record_of(row["system"], row["object"], row["first"]))
    return sorted(chosen)


def more_candidates(engine: Engine, tables: Tables, item: Item) -> list[Record]:
    """Some more records that show an item, the first by id. Looks once through one table."""
    sort, row = item.id.partition("/")[0], item.row
    name, columns, id_ = _PLACES["outcome" if sort == "question" else sort]
    rows = tables[name].filter(*(_is(column, row[column]) for column in columns))
    if sort == "question":
        rows = rows.filter(nw.col("sensitive_to").str.contains(item.id.rpartition("/")[2], literal=True))
    if sort == "change":
        id_ = f"{System(row['target_system']).other}_id"
    first = rows.select(id=id_).unique().sort("id").head(_MORE)
    system = row.get("system") or row.get("from_system") or System(row["target_system"]).other
    object_ = row.get("object") or row["from_object"]
    return sorted(record_of(system, object_, held["id"]) for held in engine.rows(first))


def _is(column: str, value: str | bool | None) -> nw.Expr:  # noqa: FBT001
    if value is None:
        unset = nw.col(column).is_null()
        return unset | (nw.col(column) == _BY_TIMES) if column == "note" else unset
    return nw.col(column) == value


def items_seen(engine: Engine, tables: Tables, records: Sequence[Record]) -> ItemsSeen:
    """What some records show. Looks for them in all rows of four tables, once each."""
    named = engine.from_rows(
        [{"system": r.system.value, "object": r.object.value, "record_id": r.id} for r in records], _NAMED
    )
    seen = ItemsSeen()
    for row in engine.rows(tables["outcomes"].join(named, on=["system", "object", "record_id"], how="semi")):
        record = record_of(row["system"], row["object"], row["record_id"])
        seen.outcomes[record] = row
        seen.add(record, _outcome_items(row))
    for row in engine.rows(tables["collisions"].join(named, on=["system", "object", "record_id"], how="semi")):
        seen.add(record_of(row["system"], row["object"], row["record_id"]), _collision_items(row))
    for row in link_rows(engine, tables["links"], records):
        seen.add(record_of(row["from_system"], row["from_object"], row["from_id"]), _link_items(row))
    for row in change_rows(engine, tables["changes"], records):
        seen.add(source_of_change(row), _change_items(row))
    return seen


def source_of_change(row: Row) -> Record:
    """The record that a write comes from."""
    system = System(row["target_system"]).other
    return record_of(system, row["object"], row[f"{system}_id"])


def change_rows(engine: Engine, changes: Frame, records: Sequence[Record]) -> list[dict[str, Any]]:
    """The writes that come from some records. Leads are contacts in HubSpot, so an id is asked for whatever its row's
    object is.
    """
    rows: list[dict[str, Any]] = []
    known = set(records)
    for system in System:
        ids = sorted({record.id for record in records if record.system is system})
        if ids:
            named = engine.from_rows([{f"{system}_id": id_} for id_ in ids], (Column(f"{system}_id", "text", ""),))
            from_here = changes.filter(nw.col("target_system") != system.value)
            rows += engine.rows(from_here.join(named, on=f"{system}_id", how="semi"))
    return [row for row in rows if source_of_change(row) in known]


def link_rows(engine: Engine, links: Frame, records: Sequence[Record]) -> list[dict[str, Any]]:
    """The associations that start at some records."""
    named = [{"from_system": r.system.value, "from_object": r.object.value, "from_id": r.id} for r in records]
    columns = tuple(Column(name, "text", "") for name in ("from_system", "from_object", "from_id"))
    return engine.rows(links.join(engine.from_rows(named, columns), on=[column.name for column in columns], how="semi"))


# --- Items of one row ----------------------------------------------------------------------------------------------


def _outcome_items(row: Row) -> list[Item]:
    id_, why = _id(row, _OUTCOME), f" ({row['reason']})" if row["reason"] else ""
    words = f"{_side(row['system'])} {row['object']}: {row['outcome']}{why} by {row['rule_id']}"
    questions = filter(None, (row["sensitive_to"] or "").split(";"))
    return [
        Item(f"outcome/{id_}", words, row),
        *(Item(f"question/{id_}/{question}", f"{words}, open question {question}", row) for question in questions),
    ]


def _change_items(row: Row) -> list[Item]:
    row = {**row, "note": None if row["note"] == _BY_TIMES else row["note"]}
    note = f" ({row['note']})" if row["note"] else ""
    words = f"{row['object']}: {row['kind']} of {row['target_field']} in {_side(row['target_system'])}{note}"
    return [Item(f"change/{_id(row, _CHANGE)}", words, row)]


def _link_items(row: Row) -> list[Item]:
    words = f"{_side(row['from_system'])} {row['from_object']} to {row['to_object']}: {row['status']}"
    return [Item(f"link/{_id(row, _LINK)}", f"{words} by {row['rule_id']}", row)]


def _collision_items(row: Row) -> list[Item]:
    turn = "first" if row["is_winner"] else "later"
    words = f"{_side(row['system'])} {row['object']}: the {turn} of several with one key"
    return [Item(f"collision/{row['system']}/{row['object']}/{turn}", words, row)]


def _id(row: Row, columns: Sequence[str]) -> str:
    return "/".join(str(row[name]) if row[name] is not None else "-" for name in columns)


def _side(system: str) -> str:
    return System(system).label


_SORTS: Final = (
    ("outcomes", (*_OUTCOME, "sensitive_to"), _outcome_items),
    ("changes", _CHANGE, _change_items),
    ("links", _LINK, _link_items),
    ("collisions", _COLLISION, _collision_items),
)
"""The table, the columns that make an item, and the items of a row of them."""
_PLACES: Final[Mapping[str, tuple[str, tuple[str, ...], str]]] = {
    "outcome": ("outcomes", _OUTCOME, "record_id"),
    "change": ("changes", _CHANGE, ""),
    "link": ("links", _LINK, "from_id"),
    "collision": ("collisions", _COLLISION, "record_id"),
}
"""By sort of item the table that shows it, the columns that make it, and the record's id."""
