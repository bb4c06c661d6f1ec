"""The steps of a rehearsal around the sync itself: run it by the witness, read both portals back, compare.

Facts
    * The snapshot of before is taken once. That of after is taken again, for a comparison that came too early, until
      every prediction holds by it or the look-alikes were removed; the receipt whenever it is asked for.

Where it is used: `kit.rehearsals`.
"""

from __future__ import annotations

from pathlib import Path

from dynsync_lib.core.settings import Settings
from dynsync_lib.folders.private_files import private_files
from dynsync_lib.folders.temporary_folder import temporary_folder
from dynsync_lib.forecasts.forecast_folder import Forecast, open_forecast
from dynsync_lib.forecasts.write_forecast import write_forecast
from dynsync_lib.portals.pull.pull_portals import run_blocking
from dynsync_lib.rehearsal.comparing import Comparison, compare_receipt, keep_comparison, read_comparison
from dynsync_lib.rehearsal.journal import Journal
from dynsync_lib.rehearsal.portal_steps import PortalSteps, remove_folder
from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal
from dynsync_lib.rehearsal.running import Ran, refuse_other_than_emulated, refuse_unseeded, run_witness
from dynsync_lib.rehearsal.standing import begin_of
from dynsync_lib.snapshot.snapshot import Snapshot, open_snapshot
from dynsync_lib.verification.verify_folder import Compared, verify_snapshots


def run_by_emulator(steps: PortalSteps, rehearsal: Rehearsal, settings: Settings) -> Ran:
    """The sync, done by the witness under settings that were read with the portals' own fields.

    Raises UsageError for portals that are elsewhere or hold no look-alikes.
    """
    refuse_other_than_emulated(steps.connections)
    refuse_unseeded(rehearsal)

    async def run() -> Ran:
        async with steps.open_portals() as portals:
            return await run_witness(rehearsal, portals, settings, steps.rulebook)

    with private_files():
        return run_blocking(run())


def read_back(steps: PortalSteps, rehearsal: Rehearsal) -> Snapshot:
    """The snapshot of both portals after the sync, taken now unless the one that is there stays.

    An earlier one stays until the new one is whole.
    """
    refuse_unseeded(rehearsal)
    if not _stays(rehearsal):
        remove_folder(rehearsal.read_again_path)
        steps.read_portals(rehearsal.read_again_path)
        remove_folder(rehearsal.after_path)
        rehearsal.read_again_path.rename(rehearsal.after_path)
    return open_snapshot(rehearsal.after_path)


def _stays(rehearsal: Rehearsal) -> bool:
    """Whether the portals can say nothing new: every prediction holds by what was read, or look-alikes are gone."""
    if not (rehearsal.after_path / "manifest.json").is_file():
        return False
    is_cleaned = begin_of(Journal(rehearsal.journal_path)) is None
    return is_cleaned or (rehearsal.compared_path.is_file() and not read_comparison(rehearsal)["misses"])


def compare_rehearsal(
    steps: PortalSteps, rehearsal: Rehearsal, settings: Settings, out: Path | None = None
) -> Comparison:
    """The receipt of the rehearsal, in its folder or in `out`; the portals are read as `read_back` says.

    Raises UsageError for a rehearsal that was not seeded, and as a pull does.
    """
    after = read_back(steps, rehearsal)
    forecast = _forecast_of_before(steps, rehearsal, settings)
    with temporary_folder() as work:
        compared = Compared(rehearsal.before(), after, forecast, is_sync_alone=True)
        verification = verify_snapshots(compared, rulebook=steps.rulebook, out=out or rehearsal.receipt_path, work=work)
    comparison = compare_receipt(rehearsal, verification, forecast, after, steps.rulebook)
    keep_comparison(rehearsal, comparison)
    return comparison


def _forecast_of_before(steps: PortalSteps, rehearsal: Rehearsal, settings: Settings) -> Forecast:
    """The forecast of what stood in the portals before the sync, made once."""
    path = rehearsal.before_forecast_path
    if path.exists():
        return open_forecast(path)
    return write_forecast(rehearsal.before(), settings, path, rulebook=steps.rulebook)
