"""Why one record gets its outcome: the chain of steps, each with its rule and source.

Facts
    * A record is found by its id, its match key, its e-mail address or its company name, on both sides.
    * What is told stands in the forecast's tables; nothing is decided again.

Source: every step names its rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from dynsync_lib.core.keys import email_key, name_key
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.sides import Frame

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `about` is what it is about (scope, key, match, fields, ...); `rule_id` and `source` may be None."""

    about: str
    says: str
    rule_id: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The chain of one record."""

    system: str
    object: str
    record_id: str
    outcome: str
    steps: tuple[Step, ...]


def explain_record(tables: Mapping[str, Frame], key: str, rulebook: Rulebook) -> tuple[Explanation, ...]:
    """The chain of every record that the key names, sorted by system, object and id; empty when it names none.

    `tables` are the forecast's tables by name.
    """
    teller = _Teller(tables, rulebook)
    found = sorted(_find(tables["outcomes"], key), key=lambda row: (row["system"], row["object"], row["record_id"]))
    return tuple(teller.explain(row) for row in found)


def _find(outcomes: Frame, key: str) -> list[dict[str, Any]]:
    wanted = {one for one in (key, key.strip().lower(), email_key(key), name_key(key)) if one}
    names = sorted(wanted)
    return _rows(outcomes.filter(nw.col("record_id").is_in(names) | nw.col("match_key").is_in(names)))


def _rows(frame: Frame) -> list[dict[str, Any]]:
    return list(frame.collect().rows(named=True))


@dataclass(frozen=True, slots=True)
class _Teller:
    tables: Mapping[str, Frame]
    rulebook: Rulebook

    def explain(self, row: Row) -> Explanation:
        steps = (*self._key(row), *self._rivals(row), *self._outcome(row), *self._fields(row), *self._links(row))
        steps = (*steps, *self._assumptions(row))
        outcome = f"{row['outcome']}/{row['reason']}" if row["reason"] else row["outcome"]
        return Explanation(row["system"], row["object"], row["record_id"], outcome, steps)

    def _key(self, row: Row) -> Iterator[Step]:
        if row["object"] in ("contact", "company"):
            what = "e-mail address" if row["object"] == "contact" else "name"
            told = (
                f"Its match key, made of its {what}, is {row['match_key']}."
                if row["match_key"]
                else f"It has no {what}."
            )
            rule = "contact.match-email" if row["object"] == "contact" else "company.match-name"
            yield self._step("key", told, rule)

    def _rivals(self, row: Row) -> Iterator[Step]:
        if row["match_key"] is None:
            return
        same = self._rows_of("collisions", system=row["system"], object=row["object"], match_key=row["match_key"])
        if not same:
            return
        order = ", ".join(one["record_id"] for one in sorted(same, key=lambda one: one["position"]))
        owner = next((one["record_id"] for one in same if one["is_winner"]), None)
        told = f"{len(same)} {row['system']} records share it, in this order: {order}."
        yield self._step("rivals", f"{told} It belongs to {owner}." if owner else told, "record.first-order")

    def _outcome(self, row: Row) -> Iterator[Step]:
        rule = self.rulebook.rules.get(row["rule_id"])
        says = rule.says if rule is not None else ""
        if row["counterpart_id"]:
            says += f" Its counterpart is {row['counterpart_id']}."
        if row["winner_id"]:
            says += f" It stands behind {row['winner_id']}."
        yield self._step("outcome", says, row["rule_id"])

    def _fields(self, row: Row) -> Iterator[Step]:
        mine = f"{row['system']}_id"
        for one in self._rows_of("changes", object=row["object"], **{mine: row["record_id"]}):
            before = f" in place of {one['old_value']!r}" if one["old_value"] is not None else ""
            note = f" ({one['note']})" if one["note"] else ""
            where = f"{one['target_system']} {one['target_field']}"
            told = f"{one['kind']} {where}: {one['new_value']!r}{before}, from {one['source_field']}{note}."
            rule = "field.fill" if one["kind"] == "fill" else "field.conflict-winner"
            yield self._step("field", told, "field.option-unpaired" if one["note"] == "value_skipped" else rule)

    def _links(self, row: Row) -> Iterator[Step]:
        ends = {"from_system": row["system"], "from_object": row["object"], "from_id": row["record_id"]}
        for one in self._rows_of("links", **ends):
            yield self._step("link", f"To {one['to_object']} {one['to_id']}: {one['status']}.", one["rule_id"])

    def _assumptions(self, row: Row) -> Iterator[Step]:
        for name in (row["sensitive_to"] or "").split(";"):
            knob = self.rulebook.assumptions.get(name)
            if knob is not None:
                told = f"Another answer to `{name}` would change this: {knob.question}"
                yield Step("assumption", told, None, ", ".join(knob.sources))

    def _rows_of(self, table: str, **where: str) -> list[dict[str, Any]]:
        frame = self.tables[table]
        for column, value in where.items():
            frame = frame.filter(nw.col(column) == value)
        return sorted(_rows(frame), key=lambda one: [str(value) for value in one.values()])

    def _step(self, about: str, says: str, rule_id: str) -> Step:
        rule = self.rulebook.rules.get(rule_id)
        source = f"{', '.join(rule.sources)} ({rule.confidence})" if rule is not None else None
        return Step(about, says.strip(), rule_id, source)
