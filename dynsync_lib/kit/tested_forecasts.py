"""Finds what a forecast's accuracy is told from: a verification after the go-live, or a rehearsal that was compared.

Where it is used: `kit.pages`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dynsync_lib.errors import UsageError
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.report.accuracy import ForecastTest

BESIDE: Final = "verification"
"""The folder beside a forecast's in which its verification is looked for."""
_AFTER: Final = "by what both systems held after the sync was switched on"
_REHEARSED: Final = "in a rehearsal with look-alikes in two test portals"


def find_tested(forecast: Forecast, folder: Path | None) -> ForecastTest | None:
    """The test in `folder`, else that beside the forecast; None when there is none of this forecast.

    Raises SnapshotError and UsageError as `kit.find_test`.
    """
    from dynsync_lib.rehearsal.rehearsal_folder import REHEARSAL_FILE
    from dynsync_lib.verification.verify_folder import VERIFICATION_FILE

    if folder is None:
        beside = forecast.folder.parent / BESIDE
        has_one = (beside / VERIFICATION_FILE).is_file()
        return _of_verification(forecast, beside, is_asked_for=False) if has_one else None
    if (folder / REHEARSAL_FILE).is_file():
        return _of_rehearsal(forecast, folder)
    return _of_verification(forecast, folder, is_asked_for=True)


def _of_verification(forecast: Forecast, folder: Path, *, is_asked_for: bool) -> ForecastTest | None:
    from dynsync_lib.verification.verify_folder import open_verification

    figures = open_verification(folder).figures
    is_ours = all(
        figures.get(f"{theirs}_sha256") == forecast.info.get(f"{ours}_sha256")
        for theirs, ours in (("before", "snapshot"), ("settings", "settings"))
    )
    if is_asked_for and not is_ours:
        raise _other(folder)
    return ForecastTest(figures, _AFTER) if is_ours else None


def _of_rehearsal(forecast: Forecast, folder: Path) -> ForecastTest:
    from dynsync_lib.rehearsal.comparing import read_comparison
    from dynsync_lib.rehearsal.rehearsal_folder import open_rehearsal

    rehearsal, hashes = open_rehearsal(folder), ("snapshot_sha256", "settings_sha256")
    if any(rehearsal.info[name] != forecast.info.get(name) for name in hashes):
        raise _other(folder)
    return ForecastTest(read_comparison(rehearsal), _REHEARSED)


def _other(folder: Path) -> UsageError:
    return UsageError(
        f"{folder} is about another forecast.", next_step="Name the verification or rehearsal of this one, or none."
    )
