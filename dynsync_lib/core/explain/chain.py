"""Why one record gets its outcome: the chain of steps, each with its rule, source and confidence.

Facts
    * A record is found by whatever people have at hand (`core.explain.find_records`).
    * What is told stands in the forecast's tables; nothing is decided again. The values that decided are the
      snapshot's, where it is still there.
    * The chain goes the way of the sync: scope, filter, route, key, rivals, outcome, fields, links, assumptions.

Source: every step names its rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from dynsync_lib.core.explain.deciding_line import deciding_line
from dynsync_lib.core.explain.effect_steps import assumption_steps, field_steps, link_steps
from dynsync_lib.core.explain.entry_steps import filter_steps, key_steps, rival_steps, route_steps, scope_steps
from dynsync_lib.core.explain.evidence import Evidence, Explanation, Row, Step
from dynsync_lib.core.explain.find_records import find_records
from dynsync_lib.core.explain.refusal_steps import refusal_steps

__all__ = ["Evidence", "Explanation", "Step", "explain_record"]


def explain_record(evidence: Evidence, key: str) -> tuple[Explanation, ...]:
    """The chain of every record that the key names, sorted by system, object and id; empty when it names none.

    The key is an id, a GUID in any spelling, an e-mail address (additional ones, too), or a name.
    """
    return tuple(_explain(evidence, row) for row in find_records(evidence, key))


def _explain(evidence: Evidence, row: Row) -> Explanation:
    record = evidence.record(row)
    entry = (scope_steps, filter_steps, route_steps, key_steps)
    steps = [step for tell in entry for step in tell(evidence, row, record)]
    steps += [*rival_steps(evidence, row), *_outcome_steps(evidence, row), *refusal_steps(evidence, row, record)]
    steps += [*field_steps(evidence, row), *link_steps(evidence, row), *assumption_steps(evidence, row)]
    outcome = f"{row['outcome']}/{row['reason']}" if row["reason"] else row["outcome"]
    return Explanation(row["system"], row["object"], row["record_id"], outcome, tuple(steps))


def _outcome_steps(evidence: Evidence, row: Row) -> Iterator[Step]:
    """What the record gets, by which rule, beside whom, and which step of docs/semantics.md says so."""
    rule = evidence.rulebook.rules.get(row["rule_id"])
    says = [rule.says] if rule is not None else []
    if row["counterpart_id"]:
        says.append(f"Its counterpart is {row['counterpart_id']}.")
    if row["winner_id"]:
        says.append(f"It stands behind {row['winner_id']}{_difference(evidence, row)}.")
    says.append(f"({deciding_line(evidence, row)})")
    yield evidence.step("outcome", " ".join(says), row["rule_id"])


def _difference(evidence: Evidence, row: Row) -> str:
    """In which mapped fields a record that lost its key differs from the winner."""
    mine = evidence.rows("collisions", system=row["system"], object=row["object"], record_id=row["record_id"])
    differs = next((rival["differs_in"] for rival in mine if rival["differs_in"]), None)
    return f", from which it differs in {', '.join(differs.split(';'))}" if differs else ""
