"""What was predicted of the look-alikes beside what the sync made of them.

Facts
    * Judged is the forecast of what stood in the test portals before the sync. For every look-alike it must say what
      the plan said; where it does not, something else in the portals disturbed it, and that is named.
    * Figures are of look-alikes alone; the receipt holds the portals' other records, too.
    * Of each miss both chains are given: why it was predicted, step by step, and what is there instead.

Where it is used: `rehearsal.sync_steps`, `kit.rehearsals`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from dynsync_lib.core.model import System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.tables import RECORD_TABLES, Column, RecordTable
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.errors import SnapshotError
from dynsync_lib.folders.replaced_file import FileKind, replace_file
from dynsync_lib.forecasts.explanations import explain
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.open_snapshot import read_catalogue
from dynsync_lib.rehearsal.found_instead import FoundInstead
from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal
from dynsync_lib.rehearsal.tags import look_alike_of
from dynsync_lib.small_files import SmallFileError, read_json
from dynsync_lib.snapshot.snapshot import Snapshot
from dynsync_lib.verification.verify_folder import OF_SNAPSHOTS, Verification, receipt_figures

Record = tuple[str, str, str]
"""System, object, id."""
_NAME: Final = ("system", "object", "record_id")
_OUTCOME: Final = ("outcome", "reason", "rule_id")
_COMPARED: Final = FileKind("the figures of a comparison", "{", '"records"')
MOST_CHAINS: Final = 100
"""Misses that both chains are given of."""


@dataclass(frozen=True, slots=True)
class Miss:
    """One prediction about a look-alike that does not hold.

    `original_id` is the customer's record. `predicted_because` are the steps of the forecast, `instead` what is there
    instead; `rule_id` is the rule in doubt, `rule` its sentence, `questions` are open questions in doubt with their
    ids.
    """

    system: str
    object: str
    record_id: str
    original_id: str
    predicted: str
    actual: str
    rule_id: str
    rule: str
    questions: Mapping[str, str]
    predicted_because: Sequence[str]
    instead: Sequence[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How right the predictions of a rehearsal were.

    `figures` are those of `Verification.figures`, of look-alikes alone. `misses` has the first hundred with both
    chains. `disturbed`: look-alikes of which something in the portals changed the prediction (system, object,
    record_id, planned, now, by). `not_standing`: those that were not in the portals (system, object, look_alike_id).
    """

    figures: Mapping[str, Any]
    misses: Sequence[Miss]
    disturbed: Sequence[Mapping[str, str | None]]
    not_standing: Sequence[Mapping[str, str]]
    verification: Verification

    @property
    def holds(self) -> bool:
        """Whether every prediction that can be judged holds."""
        return not self.figures["misses"]


def compare_receipt(
    rehearsal: Rehearsal, verification: Verification, forecast: Forecast, after: Snapshot, rulebook: Rulebook
) -> Comparison:
    """The comparison out of the receipt of `forecast`, which is of the portals before the sync."""
    standing = standing_look_alikes(rehearsal)
    with PolarsEngine() as engine:
        names = [dict(zip(_NAME, record, strict=True)) for record in standing]
        ours = engine.from_rows(names, [Column(name, "text", "") for name in _NAME])
        receipt = engine.scan(Path(str(verification.folder)) / "receipt.parquet")
        figures = receipt_figures(engine, receipt.join(ours, on=list(_NAME), how="semi"))
    planned = {_name(row): row for row in rehearsal.planned().rows("outcomes")}
    known = {(system, object_, look_alike) for (system, object_, _), look_alike in standing.items()}
    return Comparison(
        {**figures, **{name: verification.figures[name] for name in OF_SNAPSHOTS}},
        list(_misses(rehearsal, figures["missed"][:MOST_CHAINS], forecast, after, rulebook, standing)),
        list(_disturbed(planned, forecast, standing)),
        [_not_standing(name) for name in sorted(planned.keys() - known)],
        verification,
    )


def keep_comparison(rehearsal: Rehearsal, comparison: Comparison) -> None:
    """Writes the figures into the rehearsal's folder, for the report."""
    replace_file(rehearsal.compared_path, json.dumps(comparison.figures, indent=2) + "\n", _COMPARED)


def read_comparison(rehearsal: Rehearsal) -> Mapping[str, Any]:
    """The figures of the last comparison. Raises SnapshotError when there was none, or they cannot be read."""
    try:
        figures: Mapping[str, Any] = read_json(rehearsal.compared_path)
    except SmallFileError as fault:
        raise SnapshotError(
            f"The rehearsal {rehearsal.folder} was not compared: {rehearsal.compared_path.name} {fault}.",
            next_step=f"Run `dynsync rehearse compare {rehearsal.folder}`.",
        ) from fault
    return figures


def standing_look_alikes(rehearsal: Rehearsal) -> dict[Record, str]:
    """The look-alikes that stood in the portals before the sync: their own ids by the portals' records."""
    snapshot = rehearsal.before()
    return {
        (table.system.value, str(table.object), str(row[table.id_field])): look_alike
        for name, table in RECORD_TABLES.items()
        if table.object is not None
        for row in _rows(snapshot, table)
        if (look_alike := look_alike_of(rehearsal.tag, table, row)) is not None
    }


def _rows(snapshot: Snapshot, table: RecordTable) -> list[dict[str, Any]]:
    own = {column.name for column in table.structure}
    names = [name for name in snapshot.columns(table.name) if name not in own]
    rows: list[dict[str, Any]] = pq.read_table(snapshot.table_path(table.name), columns=names).to_pylist()
    return rows


def _name(row: Mapping[str, Any]) -> Record:
    return row["system"], row["object"], row["record_id"]


# --- What else is in the portals -----------------------------------------------------------------------------------


def _disturbed(
    planned: Mapping[Record, Mapping[str, Any]], forecast: Forecast, standing: Mapping[Record, str]
) -> Iterator[dict[str, str | None]]:
    """The look-alikes of which the forecast of the portals says something else than the plan."""
    ours = {(system, id_) for system, _, id_ in standing}
    for row in forecast.rows("outcomes"):
        name = _name(row)
        look_alike = standing.get(name)
        plan = planned.get((name[0], name[1], look_alike)) if look_alike is not None else None
        if plan is None or _said(row) == _said(plan):
            continue
        others = [(System(name[0]).other.value, row["counterpart_id"]), (name[0], row["winner_id"])]
        foreign = [f"{system} {id_}" for system, id_ in others if id_ is not None and (system, id_) not in ours]
        yield {
            "system": name[0],
            "object": name[1],
            "record_id": name[2],
            "look_alike_id": look_alike,
            "planned": _words(plan),
            "now": _words(row),
            "by": ", ".join(foreign) or None,
        }


def _said(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _OUTCOME)


def _words(row: Mapping[str, Any]) -> str:
    outcome, reason, rule_id = _said(row)
    return f"{outcome}{f' ({reason})' if reason else ''}, {rule_id}"


def _not_standing(name: Record) -> dict[str, str]:
    return {"system": name[0], "object": name[1], "look_alike_id": name[2]}


# --- Misses --------------------------------------------------------------------------------------------------------


def _misses(
    rehearsal: Rehearsal,
    missed: Sequence[Mapping[str, Any]],
    forecast: Forecast,
    after: Snapshot,
    rulebook: Rulebook,
    standing: Mapping[Record, str],
) -> Iterator[Miss]:
    if not missed:
        return
    originals = {(row["system"], row["object"], row["look_alike_id"]): row["record_id"] for row in rehearsal.sample()}
    before = rehearsal.before()
    lookup = FoundInstead(before, after, forecast)
    masked = forecast.masked()  # look-alikes show nobody, but the filters of the settings may name people
    for row in missed:
        name = _name(row)
        chains = explain(
            masked, name[2], rulebook=rulebook, catalogue_of=read_catalogue, snapshot=rehearsal.before_path
        )
        steps = [step.says for chain in chains if (chain.system, chain.object) == name[:2] for step in chain.steps]
        yield Miss(
            *name,
            original_id=str(originals.get((name[0], name[1], standing[name]), "")),
            predicted=row["predicted"],
            actual=row["actual"],
            rule_id=row["rule_id"],
            rule=rulebook.rules[row["rule_id"]].says if row["rule_id"] in rulebook.rules else "",
            questions={id_: rulebook.assumptions[id_].question for id_ in row["assumptions"]},
            predicted_because=steps,
            instead=lookup.sentences(row),
        )
