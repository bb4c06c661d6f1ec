"""Trials in two test portals that settle what nobody knows: open questions, mapped fields, recipes for lookups."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dynsync_lib.kit.rulebooks import rulebook

if TYPE_CHECKING:
    from dynsync_lib.rehearsal.calibration.calibrated import Calibrated


def calibrate(rehearsal: str | Path) -> Calibrated:
    """The open questions of a rehearsal: what settles each, and its answer where the records were synced and read back.

    The first call makes the plan, in the folder `calibration` of the rehearsal: crafted records for every question that
    records can settle, what each choice would leave of them, and a rehearsal for each run, to be seeded, run and
    cleaned as any other. No portal is asked here. This computes: half a minute for a plan, seconds for answers.

    Raises SnapshotError when the rehearsal or its plan cannot be read.

    >>> plan = kit.plan_rehearsal("out/demo/snapshot", "out/demo/dynsync.toml", "out/calibrated", key=bytes(32))
    >>> calibrated = kit.calibrate("out/calibrated")
    >>> calibrated.questions()[0]["question"], calibrated.questions()[0]["leaves"]["createdon_asc"]
    ('first_record_order', ['Ben'])
    """
    from dynsync_lib.rehearsal.calibration.calibrated import Calibrated
    from dynsync_lib.rehearsal.calibration.calibration_plan import plan_calibration, read_calibration
    from dynsync_lib.rehearsal.calibration.packs import shipped_packs
    from dynsync_lib.rehearsal.rehearsal_folder import open_rehearsal

    plan = plan_calibration(open_rehearsal(rehearsal), rulebook(), shipped_packs())
    return Calibrated(plan, tuple(read_calibration(plan, rulebook(), shipped_packs())))
