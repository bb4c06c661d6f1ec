"""Trials in two test portals that settle what nobody knows: open questions, mapped fields, recipes for lookups."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from dynsync_lib.errors import UsageError
from dynsync_lib.kit.connections import Addresses, steps_in_portals
from dynsync_lib.kit.rulebooks import read_settings, rulebook

if TYPE_CHECKING:
    from dynsync_lib.rehearsal.calibration.calibrated import Calibrated
    from dynsync_lib.rehearsal.calibration.calibration_plan import Calibration
    from dynsync_lib.rehearsal.calibration.crafted_world import CraftedWorld
    from dynsync_lib.rehearsal.calibration.packs import Pack
    from dynsync_lib.rehearsal.lookup_copy.apply_recipe import AppliedRecipe
    from dynsync_lib.rehearsal.mapping_trial.results import MappingTrial
    from dynsync_lib.rehearsal.portal_steps import PortalSteps
    from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal


def calibrate(
    rehearsal: str | Path, *, seed: str = "", by_emulator: bool = False, addresses: Addresses | None = None
) -> Calibrated:
    """The open questions of a rehearsal: what settles each, and its answer where the records were synced and read back.

    The first call makes the plan, in the folder `calibration` of the rehearsal: crafted records for every question that
    records can settle, what each choice would leave of them, and a rehearsal for each run, to be seeded, run, compared
    and cleaned as any other, one after the other. This computes: half a minute for a plan, seconds for answers.

    No portal is asked without `seed` or `by_emulator`. `seed` names a run whose records are written into the test
    portals; `by_emulator` carries out every run that needs no fields of its own, the emulator's witness in the place
    of the real sync. `addresses` are those of an emulator, without them the rehearsal's settings name the portals.

    Raises SnapshotError when the rehearsal or its plan cannot be read, UsageError for a run that the plan does not have
    and for one beside another that was not cleaned, and as seeding, running and cleaning do.

    >>> demo = "out/demo/snapshot", "out/demo/dynsync.toml"
    >>> plan = kit.plan_rehearsal(*demo, "out/calibrated", forecast="out/demo/forecast", key=bytes(32))
    >>> calibrated = kit.calibrate("out/calibrated")
    >>> calibrated.questions()[0]["question"], calibrated.questions()[0]["leaves"]["createdon_asc"]
    ('first_record_order', ['Ben'])
    """
    from dynsync_lib.rehearsal.calibration.calibrated import Calibrated
    from dynsync_lib.rehearsal.calibration.calibration_plan import plan_calibration, read_calibration
    from dynsync_lib.rehearsal.calibration.packs import shipped_packs
    from dynsync_lib.rehearsal.rehearsal_folder import open_rehearsal

    plan = plan_calibration(open_rehearsal(rehearsal), rulebook(), shipped_packs())
    if seed:
        _seed_run(plan, seed, addresses)
    for run in plan.runs_to_make() if by_emulator else ():
        _carry_out(plan, run, addresses)
    return Calibrated(plan, tuple(read_calibration(plan, rulebook(), shipped_packs())))


def _seed_run(plan: Calibration, run: str, addresses: Addresses | None) -> None:
    """Writes the records of a run into both test portals, some Dynamics records once more, seconds apart.

    So the orders of ids, of creation and of change are different ones.
    """
    from dynsync_lib.kit.rehearsals import portal_steps, seed_rehearsal
    from dynsync_lib.rehearsal.calibration.calibration_plan import later_packs
    from dynsync_lib.rehearsal.calibration.packs import shipped_packs
    from dynsync_lib.rehearsal.rehearsal_folder import open_rehearsal

    plan.refuse_beside_another(run)
    opened = open_rehearsal(plan.run_folder(run))
    is_first = not opened.before_path.exists()
    seed_rehearsal(opened.folder, addresses=addresses)
    packs, world = later_packs(plan, run, rulebook(), shipped_packs())
    if is_first and packs:
        _write_later(portal_steps(opened, addresses), opened, packs, world)


def _write_later(steps: PortalSteps, run: Rehearsal, packs: list[Pack], world: CraftedWorld) -> None:
    """Writes some records once more, and reads both portals again."""
    from dynsync_lib.portals.pull.pull_portals import run_blocking
    from dynsync_lib.rehearsal.calibration.later_writes import write_later

    async def write() -> int:
        async with steps.open_portals() as portals:
            return await write_later(portals, packs, world, steps.pace.sleep)

    run_blocking(write())
    shutil.rmtree(run.before_path)
    steps.read_portals(run.before_path)


def _carry_out(plan: Calibration, run: str, addresses: Addresses | None) -> None:
    """Seeds a run, lets the witness sync it, reads both portals back and cleans them, from where it was stopped."""
    from dynsync_lib.kit.rehearsals import clean_rehearsal, portal_steps, run_rehearsal
    from dynsync_lib.rehearsal.rehearsal_folder import open_rehearsal
    from dynsync_lib.rehearsal.sync_steps import read_back

    folder = plan.run_folder(run)
    _seed_run(plan, run, addresses)
    run_rehearsal(folder, addresses=addresses)
    opened = open_rehearsal(folder)
    read_back(portal_steps(opened, addresses), opened)
    clean_rehearsal(folder, addresses=addresses)


def try_mapping(settings: str | Path, *, addresses: Addresses | None = None) -> MappingTrial:
    """Edge values of every mapped field, written into the test portals and read back, beside what the forecast says.

    Tried are the longest text and one longer, every option and an unknown one, empty, letters beyond ASCII, midnight
    and the ends of the year in the portal's time zone, the largest number and one beyond: in every field that the sync
    writes to. The records are removed again, also those that a killed trial left behind.

    `addresses` are those of an emulator; without them the settings name the test portals, under `[rehearsal]` or else
    their own, and the environment holds the secrets.

    Raises ProductionPortalError, and writes nothing, unless both portals say that they are for tests, and PortalError
    as any writing does.

    >>> with kit.emulate() as portals:
    ...     trial = kit.try_mapping("out/demo/dynsync.toml", addresses=portals.addresses)
    >>> longer = next(row for row in trial.rows if row["field"] == "telephone1" and row["edge"] == "one longer")
    >>> longer["portal"], longer["forecast"], longer["rule_id"], longer["differs"]
    ('refused', 'refused', 'field.too-long', False)
    """
    from dynsync_lib.portals.pull.pull_portals import run_blocking
    from dynsync_lib.rehearsal.mapping_trial import try_mapping as trial

    steps = steps_in_portals(read_settings(settings).of_test_portals(), Path(settings), addresses)

    async def run() -> MappingTrial:
        async with steps.open_portals() as portals:
            return await trial.try_mapping(portals, steps.settings, steps.rulebook)

    return run_blocking(run())


def apply_recipe(column: str, settings: str | Path, *, addresses: Addresses | None = None) -> AppliedRecipe:
    """The recipe of a lookup carried out in the test portals, with the mapping's verdict before and after.

    `column` names object and lookup, with a dot between them. The text column and the HubSpot property are made where
    they are not there, the labels are copied, and both portals are read and forecast before and after it. `addresses`
    and settings as `try_mapping`.

    Raises UsageError for what is no lookup, ProductionPortalError, and writes nothing, unless both portals say that
    they are for tests, and PortalError as any writing does.

    >>> with kit.emulate() as portals:
    ...     addresses = portals.addresses
    ...     applied = kit.apply_recipe("contact.parentcustomerid", "out/demo/dynsync.toml", addresses=addresses)
    >>> applied.column, applied.before["verdict"], applied.after["verdict"]
    ('new_parentcustomerid_text', 'blocked', 'ok')
    """
    from dynsync_lib.core.model import Object
    from dynsync_lib.folders.temporary_folder import temporary_folder
    from dynsync_lib.rehearsal.lookup_copy import apply_recipe as recipe

    object_, _, name = column.partition(".")
    if object_ not in set(Object) or not name:
        raise UsageError(f"{column} names no column.", next_step="Name object and lookup: contact.parentcustomerid.")
    steps = steps_in_portals(read_settings(settings).of_test_portals(), Path(settings), addresses)
    with temporary_folder() as work:
        return recipe.apply_recipe(steps, Object(object_), name, work)
