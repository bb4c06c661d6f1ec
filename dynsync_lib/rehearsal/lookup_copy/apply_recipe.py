"""Carries a lookup's recipe out in both test portals: fields, labels, and the mapping's verdict before and after.

Facts
    * Both portals are read before and after; each time the mapping is judged as a forecast judges it.
    * What is there already stays: a column or property of the name, and texts that are the label.
    * A label that Dynamics does not take, as in inactive rows, is named by the row and the code of the refusal.

Not modelled
    * The flow that keeps the texts up to date: it has to be made in Power Automate.

Where it is used: `kit.trials`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from dynsync_lib.core.advice.lookup_recipes import LookupRecipe, labels_of_records, recipe_of, text_column_of
from dynsync_lib.core.advice.mapping_table import tell_mappings
from dynsync_lib.core.fields.verdicts import kind_of
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.needed_fields import needed_fields
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import record_table, stored_object
from dynsync_lib.errors import UsageError
from dynsync_lib.forecasts.forecast_folder import read_rows
from dynsync_lib.forecasts.open_snapshot import open_situation, open_tables
from dynsync_lib.portals.pull.pull_portals import run_blocking
from dynsync_lib.rehearsal.lookup_copy.fields_to_make import (
    mapping_lines,
    source_column,
    text_column,
    text_property,
    with_copy,
    with_lookup,
)
from dynsync_lib.rehearsal.portal_steps import Fields, PortalSteps
from dynsync_lib.rehearsal.writing.batches import batches
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals
from dynsync_lib.snapshot.snapshot import Snapshot

_SHOWN: Final = (
    "hubspot_field",
    "dynamics_field",
    "verdict",
    "allowed_directions",
    "reason",
    "rule_id",
    "rows_affected",
)


@dataclass(frozen=True, slots=True)
class AppliedRecipe:
    """What was done. `before` and `after` are the mapping's rows as forecasts have them (hubspot_field, dynamics_field,
    verdict, allowed_directions, reason, rule_id, rows_affected).

    `copied` labels were written, `unchanged` stood there already, `unlabelled` rows point to something whose label is
    not known, `refused` has record_id and code of those that Dynamics did not take. `lines` map the two fields in
    dynsync.toml.
    """

    recipe: LookupRecipe
    column: str
    is_new_column: bool
    is_new_property: bool
    copied: int
    unchanged: int
    unlabelled: int
    refused: Sequence[Mapping[str, str]]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    lines: str


def apply_recipe(steps: PortalSteps, object_: Object, column: str, work: Path) -> AppliedRecipe:
    """Carries the recipe of a lookup column out. `work` is a folder for what is read meanwhile.

    Raises UsageError when the object is off or the column is no lookup of it, and as writing does.
    """
    if not steps.settings.sync[object_].enabled:
        raise UsageError(f"{object_} is not in the sync.", next_step=f"Add [sync.{object_}] to the settings.")
    run_blocking(_ask_gate(steps))
    before = _pull(steps, work / "before", steps.settings, object_, column)
    recipe, labels = _recipe(steps, before, object_, column, work / "recipe")
    earlier = _verdict(steps, before, with_lookup(steps.settings, recipe), (object_, recipe.column), work / "earlier")
    held = {row["id"]: row.get(source_column(recipe)) for row in _rows(before, object_)}
    differing = {id_: text for id_, text in labels.items() if held.get(id_) != text}
    wanted = {} if recipe.same_values_in else differing
    is_new_column, is_new_property, refused = run_blocking(_write(steps, recipe, wanted))
    settings = with_copy(steps.settings, recipe)
    after = _pull(steps, work / "after", settings, object_, column)
    later = _verdict(steps, after, settings, (object_, source_column(recipe)), work / "later")
    return AppliedRecipe(
        recipe,
        source_column(recipe),
        is_new_column,
        is_new_property,
        len(wanted) - len(refused),
        len(labels) - len(differing),
        (recipe.filled or 0) - (recipe.labelled or 0),
        [{"record_id": id_, "code": code} for id_, code in sorted(refused.items())],
        earlier,
        later,
        mapping_lines(recipe),
    )


def _fields(steps: PortalSteps, settings: Settings, object_: Object, column: str) -> Fields:
    """What to read of both portals: all that the sync asks for, the lookup, and its text column."""
    needed = dict(needed_fields(settings, steps.rulebook))
    name = record_table(object_, System.DYNAMICS).name
    return {**needed, name: {*needed[name], column, text_column_of(column)}}


def _pull(steps: PortalSteps, out: Path, settings: Settings, object_: Object, column: str) -> Snapshot:
    return steps.read_portals(out, _fields(steps, settings, object_, column))


async def _ask_gate(steps: PortalSteps) -> None:
    """Raises ProductionPortalError, before anything is read, unless both portals are for tests."""
    async with steps.open_portals():
        pass


def _recipe(
    steps: PortalSteps, snapshot: Snapshot, object_: Object, column: str, work: Path
) -> tuple[LookupRecipe, dict[str, str]]:
    """The recipe of a lookup, and by record the label that it shows."""
    with open_tables(snapshot, work=work) as engine:
        situation = open_situation(engine, snapshot, steps.settings, steps.rulebook)
        field = situation.catalogue.find(System.DYNAMICS, object_, column)
        if field is None or kind_of(field, steps.rulebook) != "lookup":
            raise UsageError(
                f"{object_}.{column} is no lookup column of the test portal.",
                next_step="See all of them with `dynsync recipes SNAPSHOT`.",
            )
        job = Job(situation, object_)
        labels = engine.rows(labels_of_records(job, field))
        return _own(recipe_of(job, field)), {row["id"]: row["shown"] for row in labels}


def _own(recipe: LookupRecipe) -> LookupRecipe:
    """The recipe; a column that was made for it is none that held the labels before."""
    return replace(recipe, same_values_in=None) if recipe.same_values_in == recipe.text_column else recipe


def _verdict(
    steps: PortalSteps, snapshot: Snapshot, settings: Settings, field: tuple[Object, str], work: Path
) -> dict[str, Any]:
    """What a forecast of the snapshot says of the mapping of a Dynamics column; no record is decided for it."""
    object_, column = field
    with open_tables(snapshot, work=work) as engine:
        situation = open_situation(engine, snapshot, settings, steps.rulebook)
        rows = engine.rows(tell_mappings(situation, {object_: Job(situation, object_).mappings}))
    row = next(row for row in rows if row["dynamics_field"] == column)
    return {name: row[name] for name in _SHOWN}


def _rows(snapshot: Snapshot, object_: Object) -> list[dict[str, Any]]:
    return read_rows(snapshot.table_path(record_table(object_, System.DYNAMICS).name))


async def _write(
    steps: PortalSteps, recipe: LookupRecipe, labels: Mapping[str, str]
) -> tuple[bool, bool, dict[str, str]]:
    """Makes both fields and writes the labels: whether each field is new, and by record the code of a refusal."""
    async with steps.open_portals() as portals:
        are_new = await _make_fields(portals, recipe)
        return *are_new, await _copy(portals, recipe, labels)


async def _make_fields(portals: TestPortals, recipe: LookupRecipe) -> tuple[bool, bool]:
    """Makes what is not there: whether the column and the property are new."""
    is_new_column = False
    if recipe.same_values_in is None:
        is_new_column = await portals.dynamics.writer.create_column(recipe.object, text_column(recipe))
    object_ = stored_object(recipe.object, System.HUBSPOT)
    definition = text_property(recipe, await portals.hubspot.property_group(object_))
    return is_new_column, await portals.hubspot.writer.create_property(object_, definition)


async def _copy(portals: TestPortals, recipe: LookupRecipe, labels: Mapping[str, str]) -> dict[str, str]:
    """Writes the labels into the text column; by row the code of what Dynamics refused."""
    refused: dict[str, str] = {}
    for batch in batches({id_: {recipe.text_column: labels[id_]} for id_ in sorted(labels)}):
        written = await portals.dynamics.writer.update(recipe.object, batch)
        refused |= {id_: refusal.code for id_, refusal in written.refused.items()}
    return refused
