"""Two opinions on one small world: the core's and the witness's, in one form that can be compared and read.

A `SmallWorld` is everything a forecast needs, as plain values. `ask_witness` and `ask_core` return an `Answer`; its
`lines` render outcomes, changes and links as sentences, so that a disagreement shows as a readable difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from dynsync_lib.core.fields.catalogue import Catalogue, Field
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.settings import DynamicsSettings, FieldMapping, HubSpotSettings, ObjectSync, Settings
from dynsync_lib.core.tables import RECORD_TABLES, Column
from dynsync_lib.emulator.witness.decisions import SyncRun
from dynsync_lib.emulator.witness.initial_sync import decide_initial_sync
from dynsync_lib.emulator.witness.plan import DEFAULT_ASSUMPTIONS, Binding, SyncPlan
from dynsync_lib.emulator.witness.witness_store import Association, MemoryStore, Person
from dynsync_lib.rehearsal.sync_plans import object_plans
from tests.rulebook_texts import shipped_rulebook

TAKEN_AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
TOP_LEVEL_DOMAINS = frozenset({"com", "org", "net", "de", "example", "test", "xn--p1ai"})

FREE_MAIL_DOMAINS = frozenset(shipped_rulebook().free_mail_domains)
PEOPLE_COLUMNS = {
    "hubspot/owners": ("email", "archived"),
    "dynamics/users": ("internalemailaddress", "fullname", "isdisabled"),
}

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class SmallWorld:
    """Both portals and the settings. `tables` maps `hubspot/contacts` and its like to rows with an `id`, in api order.

    `fields` are all fields of both systems; a table delivers all of them but those named in `undelivered`
    (as `hubspot.contact.jobtitle`). `links` are rows as in `core.tables.LINKS_IN`, `bindings` as in
    `core.tables.BINDINGS`. `auto_create_companies` is HubSpot's own setting (6.12).
    """

    tables: Mapping[str, Sequence[Row]]
    fields: tuple[Field, ...]
    sync: Mapping[Object, ObjectSync]
    links: Sequence[Mapping[str, Any]] = ()
    assumptions: Mapping[str, str] = field(default_factory=dict)
    undelivered: frozenset[str] = frozenset()
    taken_at: datetime = TAKEN_AT
    bindings: Sequence[Mapping[str, str]] = ()
    auto_create_companies: Literal["on", "off", "unknown"] = "off"

    def catalogue(self) -> Catalogue:
        """All fields, as the core wants them."""
        return Catalogue({(one.system, one.object, one.name): one for one in self.fields})

    def delivered(self, table_name: str) -> tuple[str, ...]:
        """The vendor columns of a table, lookups as their two columns."""
        table = RECORD_TABLES[table_name]
        if table.object is None:
            return PEOPLE_COLUMNS[table_name]
        names = []
        for one in self.fields:
            if (one.system, one.object) != (table.system, table.object):
                continue
            if f"{one.system}.{one.object}.{one.name}" not in self.undelivered:
                names += [f"_{one.name}_value", f"_{one.name}_type"] if one.targets else [one.name]
        return tuple(names)


@dataclass(frozen=True)
class Answer:
    """`outcomes`: record -> (outcome, reason, rule, counterpart, winner); `changes`, `links`: tuples of table rows."""

    outcomes: Mapping[tuple[str, str, str], tuple[str | None, ...]]
    changes: frozenset[tuple[Any, ...]]
    links: frozenset[tuple[str, ...]]

    def lines(self) -> list[str]:
        """Every statement of the answer as one sentence, sorted."""
        return sorted([*self.outcome_lines(), *self.change_lines(), *self.link_lines()])

    def outcome_lines(self) -> list[str]:
        """`dynamics contact D2: shadowed behind D1 (contact.first-per-email)`."""
        return sorted(f"{s} {o} {r}: {render_outcome(*rest)}" for (s, o, r), rest in self.outcomes.items())

    def change_lines(self) -> list[str]:
        """`fill hubspot firstname of H1 from D1 firstname: 'Al'`."""
        return sorted(render_change(*row) for row in self.changes)

    def link_lines(self) -> list[str]:
        """`dynamics contact D1 -> company A1: synced (link.both-synced)`."""
        return sorted(f"{s} {o} {f} -> {to} {t}: {status} ({rule})" for s, o, f, to, t, status, rule in self.links)


def render_outcome(
    outcome: str | None, reason: str | None, rule_id: str | None, counterpart: str | None, winner: str | None
) -> str:
    """`failing/too_long with D1 (field.too-long)`: what cases write and disagreements show."""
    words = [f"{outcome}/{reason}" if reason else f"{outcome}"]
    words += [f"with {counterpart}"] if counterpart else []
    words += [f"behind {winner}"] if winner else []
    return " ".join([*words, f"({rule_id})"])


def render_change(
    object_: str,
    hubspot_id: str,
    dynamics_id: str,
    target: str,
    target_field: str,
    source_field: str,
    kind: str,
    old: str | None,
    new: str,
    note: str | None,
) -> str:
    """`overwrite dynamics jobtitle of D1 from H1 jobtitle: 'CEO' to 'CTO' [stale_winner]`."""
    ids = (hubspot_id, dynamics_id) if target == "hubspot" else (dynamics_id, hubspot_id)
    values = f"{new!r}" if old is None else f"{old!r} to {new!r}"
    sentence = f"{kind} {target} {target_field} of {ids[0]} from {ids[1]} {source_field}: {values}"
    return f"{object_}: {sentence} [{note}]" if note else f"{object_}: {sentence}"


# ---------------------------------------------------------------------------------------------------------------
# The witness
# ---------------------------------------------------------------------------------------------------------------


def ask_witness(world: SmallWorld) -> Answer:
    """The witness's answer."""
    return answer_of(decide_initial_sync(store_of(world), plan_of(world)))


def answer_of(run: SyncRun) -> Answer:
    """What the witness decided, in the form of both opinions."""
    outcomes = {
        (str(d.system), str(d.object), d.record_id): _texts(
            d.outcome, d.reason, d.rule_id, d.counterpart_id, d.winner_id
        )
        for d in run.decisions
    }
    changes = {
        (
            *_texts(w.object, w.hubspot_id, w.dynamics_id, w.target_system, w.target_field, w.source_field, w.kind),
            w.old_value,
            w.new_value,
            w.note,
        )
        for w in run.writes
    }
    links = {
        (str(k.from_system), str(k.from_object), k.from_id, str(k.to_object), k.to_id, str(k.status), k.rule_id)
        for k in run.links
    }
    return Answer(outcomes, frozenset(changes), frozenset(links))


def _texts(*values: Any) -> tuple[str | None, ...]:
    return tuple(None if value is None else str(value) for value in values)


def store_of(world: SmallWorld) -> MemoryStore:
    """Both portals in memory."""
    store = MemoryStore()
    for name, table in RECORD_TABLES.items():
        if table.object is None:
            continue
        columns = world.delivered(name)
        rows = [(str(row["id"]), {column: row.get(column) for column in columns}) for row in world.tables.get(name, ())]
        store.add(table.system, table.object, rows)
        store.delivered[(table.system, table.object)] = set(columns)
        for row in world.tables.get(name, ()):
            file_rank = row.get("file_rank")
            if file_rank is not None:
                store.file_ranks[(table.system, table.object, str(row["id"]))] = int(file_rank)
    store.persons = {
        System.HUBSPOT: [_owner(row) for row in world.tables.get("hubspot/owners", ())],
        System.DYNAMICS: [_user(row) for row in world.tables.get("dynamics/users", ())],
    }
    for link in world.links:
        ends = (Object(link["from_object"]), link["from_id"], Object(link["to_object"]), link["to_id"])
        store.links.append(Association(*ends, bool(link["is_primary"])))
    return store


def _owner(row: Row) -> Person:
    return Person(str(row["id"]), row.get("email"), is_active=row.get("archived") != "true")


def _user(row: Row) -> Person:
    return Person(
        str(row["id"]), row.get("internalemailaddress"), row.get("fullname"), is_active=row.get("isdisabled") != "true"
    )


def plan_of(world: SmallWorld) -> SyncPlan:
    """The settings as the witness wants them."""
    return SyncPlan(
        objects=object_plans(world.sync, world.fields),
        taken_at=world.taken_at,
        top_level_domains=TOP_LEVEL_DOMAINS,
        assumptions=world.assumptions,
        bindings=tuple(Binding(Object(b["object"]), b["hubspot_id"], b["dynamics_id"]) for b in world.bindings),
        creates_companies=world.auto_create_companies == "on",
        free_mail_domains=FREE_MAIL_DOMAINS,
    )


# ---------------------------------------------------------------------------------------------------------------
# The core
# ---------------------------------------------------------------------------------------------------------------


def settings_of(world: SmallWorld, rulebook: Any) -> Settings:
    """The settings as the core wants them: every object, every assumption."""
    defaults = {name: one.default for name, one in rulebook.assumptions.items()}
    sync = {object_: world.sync.get(object_, ObjectSync()) for object_ in Object}
    assumptions = {**defaults, **world.assumptions}
    hubspot = HubSpotSettings(auto_create_companies=world.auto_create_companies)
    return Settings(hubspot, DynamicsSettings(), sync, assumptions, "0" * 64)


def frames_of(world: SmallWorld, engine: Any, *, shuffle: Any = None) -> dict[str, Any]:
    """The world as the core's lazy frames. `shuffle(list)` may change the order of rows and of columns in place."""
    from dynsync_lib.core.keys import KeyMaker
    from dynsync_lib.core.tables import BINDINGS, LINKS_IN

    key_maker, frames = KeyMaker(TOP_LEVEL_DOMAINS), {}
    for name, table in RECORD_TABLES.items():
        vendor = list(world.delivered(name))
        given = world.tables.get(name, ())
        rows = [_finished(key_maker, table, rank, row, vendor) for rank, row in enumerate(given)]
        if shuffle:
            shuffle(vendor)
            shuffle(rows)
        columns = (*table.structure, *(Column(one, "text", "") for one in vendor))
        frames[name] = engine.from_rows(rows, columns)
    frames["bindings"] = engine.from_rows(world.bindings, BINDINGS.columns)
    frames["hubspot/links"] = engine.from_rows([{"label": None, **one} for one in world.links], LINKS_IN.columns)
    return frames


def _finished(key_maker: Any, table: Any, rank: int, row: Row, vendor: Iterable[str]) -> dict[str, Any]:
    values = {name: row.get(name) for name in vendor}
    return {
        "id": row["id"],
        "api_rank": rank,
        "file_rank": int(place) if (place := row.get("file_rank")) else None,
        **key_maker.finish(table, {**values, table.id_field: row["id"]}),
        **values,
    }


def situation_of(world: SmallWorld, engine: Any, rulebook: Any, *, shuffle: Any = None) -> Any:
    """The world as the core's stages want it."""
    from dynsync_lib.core.situation import Situation

    return Situation(
        frames_of(world, engine, shuffle=shuffle),
        settings_of(world, rulebook),
        rulebook,
        world.catalogue(),
        world.taken_at,
        engine.keep,
        engine.from_rows,
        trimmed={name: _trimmed_columns(world, name) for name in RECORD_TABLES},
    )


def _trimmed_columns(world: SmallWorld, name: str) -> frozenset[str]:
    """Of the columns in which no value has outer white space, every second one: both ways of asking are tried."""
    from dynsync_lib.core.keys import trim

    texts = {column: [row.get(column) for row in world.tables.get(name, ())] for column in world.delivered(name)}
    known = (column for column, held in texts.items() if all(text is None or trim(text) == text for text in held))
    return frozenset(sorted(known)[::2])


def ask_core(world: SmallWorld, engine: Any, rulebook: Any, *, shuffle: Any = None) -> Answer:
    """The core's answer."""
    from dynsync_lib.core.sync.initial_sync import decide_sync

    decision = decide_sync(situation_of(world, engine, rulebook, shuffle=shuffle))
    tables = {"changes": decision.changes, "links": decision.links}
    outcome_rows = engine.rows(decision.outcomes)
    told = ("outcome", "reason", "rule_id", "counterpart_id", "winner_id")
    outcomes = {(r["system"], r["object"], r["record_id"]): tuple(r[name] for name in told) for r in outcome_rows}
    if len(outcomes) != len(outcome_rows):
        raise AssertionError("the core gave a record more than one outcome")
    return Answer(outcomes, _rows(engine, tables, "changes"), _rows(engine, tables, "links"))


Counted = Mapping[tuple[str, str], Mapping[str, int]]
Moved = frozenset[tuple[tuple[str, str, str], str]]


def ask_sensitivity(world: SmallWorld, engine: Any, rulebook: Any) -> tuple[Counted, Moved]:
    """How many records of each object the core says each choice moves, and which records are sensitive to what."""
    from dynsync_lib.core.sensitivity.moved_records import measure_sensitivity
    from dynsync_lib.core.sync.initial_sync import decide_sync

    situation = situation_of(world, engine, rulebook)
    sensitivity = measure_sensitivity(situation, decide_sync(situation))
    counted = {(r["assumption_id"], r["choice"]): _by_object(r) for r in engine.rows(sensitivity.table)}
    rows = engine.rows(sensitivity.moved)
    return counted, frozenset(((r["system"], r["object"], r["record_id"]), r["assumption_id"]) for r in rows)


def _by_object(row: Mapping[str, Any]) -> dict[str, int]:
    """`contact=3;company=1` as numbers; they must add up to what the row counts."""
    parts = [part.split("=") for part in (row["by_object"] or "").split(";") if part]
    counts = {object_: int(count) for object_, count in parts}
    if sum(counts.values()) != row["outcomes_changed"]:
        raise AssertionError(f"{row} does not add up")
    return counts


def _rows(engine: Any, tables: Mapping[str, Any], name: str) -> frozenset[tuple[Any, ...]]:
    from dynsync_lib.core.tables import FORECAST_TABLES

    names = FORECAST_TABLES[name].column_names
    rows = [tuple(row[column] for column in names) for row in engine.rows(tables[name])]
    if len(set(rows)) != len(rows):
        raise AssertionError(f"the core wrote a row of {name} twice")
    return frozenset(rows)


def mapping_of(text: str, options: Mapping[str, str] | None = None) -> FieldMapping:
    """A mapping written as `email <-> emailaddress1`; `->` flows to Dynamics, `<-` to HubSpot."""
    from dynsync_lib.core.model import Direction

    signs = {"<->": Direction.TWO_WAY, "->": Direction.TO_DYNAMICS, "<-": Direction.TO_HUBSPOT}
    hubspot, sign, dynamics = text.split()
    return FieldMapping(hubspot, dynamics, signs[sign], options or {})


ASSUMPTIONS = tuple(DEFAULT_ASSUMPTIONS)
