"""One matched pair or one new record, asked what happens to its fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dynsync_lib.core import frames as nw
from dynsync_lib.core.advice.mapping_table import tell_mappings
from dynsync_lib.core.fields.catalogue import Catalogue, Field, Option
from dynsync_lib.core.fields.mappings import JudgedMapping, MappingJudge
from dynsync_lib.core.job import Job
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.settings import DynamicsSettings, FieldMapping, HubSpotSettings, ObjectSync, Settings
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import RECORD_TABLES, Column, RecordTable, record_table
from dynsync_lib.core.writing.compared_pairs import compare_pairs, tell_changes
from dynsync_lib.core.writing.refusals import REFUSALS, refusals_of_creates
from dynsync_lib.core.writing.taken_emails import conflicts_of_creates, nobody_earlier
from dynsync_lib.engine import Engine
from dynsync_lib.engine.polars_engine import PolarsEngine
from tests.rulebook_texts import shipped_rulebook

H, D = System.HUBSPOT, System.DYNAMICS
Row = Mapping[str, str | None]


@dataclass
class Portals:
    """Two small portals and the settings of one object.

    Rows name their `id`; a column that no row names is not delivered. `failing` are new records that fail otherwise.
    """

    fields: Sequence[Field]
    sync: ObjectSync
    hubspot: Sequence[Row] = ()
    dynamics: Sequence[Row] = ()
    owners: Sequence[Row] = ()
    users: Sequence[Row] = ()
    others: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    object_: Object = Object.CONTACT
    assumptions: Mapping[str, str] = field(default_factory=dict)
    failing: Sequence[str] = ()

    def changes(self, *pairs: tuple[str, str], bound: Iterable[tuple[str, str]] = ()) -> list[str]:
        """`fill hubspot city: 'Ulm'` and its like, sorted, of the matched pairs (hubspot id, dynamics id)."""
        with PolarsEngine() as engine:
            situation = self.situation(engine)
            comparison = compare_pairs(
                Job(situation, self.object_), self._pairs(engine, pairs, bound), self._judge(situation)
            )
            rows = engine.rows(tell_changes(Job(situation, self.object_), comparison))
        return sorted(_told(row) for row in rows)

    def refusals(self, *pairs: tuple[str, str]) -> list[str]:
        """`dynamics refuses: too_long (field.too-long)` and its like, sorted, of the matched pairs."""
        with PolarsEngine() as engine:
            situation = self.situation(engine)
            comparison = compare_pairs(
                Job(situation, self.object_), self._pairs(engine, pairs, ()), self._judge(situation)
            )
            rows = engine.rows(comparison.written)
        refused = [(target, row[f"{target.other}_refusal"]) for row in rows for target in System]
        return sorted(
            f"{target} refuses: {_word({'refusal': place})}" for target, place in refused if place is not None
        )

    def refused_creates(self, system: System) -> dict[str, str]:
        """`too_long (field.too-long)` and its like, by id, of all records of a system, were they created."""
        with PolarsEngine() as engine:
            situation = self.situation(engine)
            rows = engine.rows(refusals_of_creates(Job(situation, self.object_), system, self._judge(situation)))
        return {row["id"]: _word(row) for row in rows}

    def address_conflicts(self, system: System, *creates: str) -> dict[str, str]:
        """`email_conflict (contact.email-conflict) with h1` and its like, by id, of the records that are created."""
        with PolarsEngine() as engine:
            situation = self.situation(engine)
            table = situation.tables[record_table(self.object_, system).name].select("id", rank="api_rank")
            created = table.filter(table_ids(creates))
            created = created.with_columns(key=nw.lit(""), fails=nw.col("id").is_in(self.failing))
            job = Job(situation, self.object_)
            rows = engine.rows(conflicts_of_creates(job, system, created, nobody_earlier(job)))
        return {row["id"]: f"{_word(row)} with {row['counterpart_id']}" for row in rows}

    def judged(self) -> list[JudgedMapping]:
        """The verdicts on the mappings."""
        with PolarsEngine() as engine:
            return list(self._judge(self.situation(engine)))

    def mapping_rows(self) -> list[dict[str, Any]]:
        """The rows of the forecast's `mapping`, in the order of the settings."""
        with PolarsEngine() as engine:
            situation = self.situation(engine)
            rows = engine.rows(tell_mappings(situation, {self.object_: self._judge(situation)}))
        by_field = {row["hubspot_field"]: row for row in rows}
        return [by_field[mapping.hubspot] for mapping in self.sync.mappings]

    def _judge(self, situation: Situation) -> tuple[JudgedMapping, ...]:
        judge = MappingJudge(
            self.object_,
            self.sync,
            catalogue=situation.catalogue,
            rulebook=situation.rulebook,
            available={system: situation.columns(self.object_, system) for system in System},
            assumptions=situation.settings.assumptions,
        )
        return judge.verdicts()

    def situation(self, engine: Engine) -> Situation:
        """What every stage asks."""
        book = shipped_rulebook()
        given = {record_table(self.object_, H).name: self.hubspot, record_table(self.object_, D).name: self.dynamics}
        given |= {"hubspot/owners": self.owners, "dynamics/users": self.users, **self.others}
        tables = {name: _frame(engine, RECORD_TABLES[name], rows) for name, rows in given.items()}
        sync = {one: self.sync if one is self.object_ else ObjectSync() for one in Object}
        assumptions = {**book.default_assumptions(), **self.assumptions}
        settings = Settings(HubSpotSettings(), DynamicsSettings(), sync, assumptions, "0" * 64)
        catalogue = Catalogue({(one.system, one.object, one.name): one for one in self.fields})
        taken_at = datetime(2026, 11, 1, tzinfo=UTC)
        return Situation(tables, settings, book, catalogue, taken_at, engine.keep, engine.from_rows)

    def _pairs(self, engine: Engine, pairs: Sequence[tuple[str, str]], bound: Iterable[tuple[str, str]]) -> Any:
        columns = [Column("hubspot_id", "text", ""), Column("dynamics_id", "text", ""), Column("is_bound", "flag", "")]
        known = set(bound)
        rows = [{"hubspot_id": h, "dynamics_id": d, "is_bound": (h, d) in known} for h, d in [*pairs, *known]]
        return engine.from_rows(rows, columns)


def table_ids(ids: Sequence[str]) -> Any:
    """Whether `id` is one of these."""
    return nw.col("id").is_in(list(ids))


def sync(*mappings: str, options: Mapping[str, str] | None = None, **settings: Any) -> ObjectSync:
    """An object's settings with mappings written as `city <-> city`; `options` go to each of them."""
    from tests.opinions import mapping_of

    own: tuple[FieldMapping, ...] = tuple(mapping_of(text, options) for text in mappings)
    return ObjectSync(enabled=True, mappings=own, **settings)


def options(*pairs: str) -> tuple[Option, ...]:
    """Options written as `gold=Gold`."""
    return tuple(Option(*pair.split("=", 1)) for pair in pairs)


def _frame(engine: Engine, table: RecordTable, rows: Sequence[Row]) -> Any:
    key_maker = KeyMaker(frozenset({"com", "example"}))
    vendor = list(dict.fromkeys(name for row in rows for name in row if name != "id"))
    finished = [
        {
            "id": row["id"],
            "api_rank": rank,
            "file_rank": None,
            **key_maker.finish(table, {**row, table.id_field: row["id"]}),
            **row,
        }
        for rank, row in enumerate(rows)
    ]
    return engine.from_rows(finished, (*table.structure, *(Column(name, "text", "") for name in vendor)))


def _told(row: Mapping[str, Any]) -> str:
    old = f"{row['old_value']!r} to " if row["old_value"] is not None else ""
    note = f" [{row['note']}]" if row["note"] else ""
    return f"{row['kind']} {row['target_system']} {row['target_field']}: {old}{row['new_value']!r}{note}"


def _word(row: Mapping[str, Any]) -> str:
    reason, rule_id = REFUSALS[row["refusal"]]
    return f"{reason} ({rule_id})"
