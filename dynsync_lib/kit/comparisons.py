"""Two forecasts, two snapshots or two settings beside each other.

Where it is used: `kit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dynsync_lib.core.settings import Settings
from dynsync_lib.errors import SettingsError
from dynsync_lib.folders.temporary_folder import temporary_folder
from dynsync_lib.kit.opened import AnyForecast, AnySnapshot, opened_forecast, opened_snapshot
from dynsync_lib.kit.rulebooks import opened_settings, rulebook
from dynsync_lib.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from dynsync_lib.forecasts.forecast_difference import ForecastDifference
    from dynsync_lib.forecasts.settings_difference import SettingsDifference
    from dynsync_lib.forecasts.snapshot_difference import SnapshotDifference


def diff_forecasts(before: AnyForecast, after: AnyForecast) -> ForecastDifference:
    """What the sync does otherwise in a second forecast: records from which outcome to which, and the findings.

    `sync` has the frames `effects` (created, overwritten, left out: additionally and no longer), `outcomes` (from, to,
    count), `records`, `changes` and `links` (those that differ); `findings` the counts before and after. Forecasts of
    different snapshots are compared by record ids, and `notes` says so. Computes: each table is read once.

    Raises SnapshotError when a folder holds no forecast.

    >>> settings = kit.read_settings("out/demo/dynsync.toml", overrides={"company_dup": "all_bind"})
    >>> other = kit.forecast("out/demo/snapshot", settings, "out/all_bind")
    >>> diff = kit.diff_forecasts("out/demo/forecast", other)
    >>> diff.sync.outcomes[["system", "object", "before", "after", "count"]].values.tolist()[1:3]
    [['dynamics', 'company', 'shadowed', 'link', 13], ['dynamics', 'company', 'shadowed', 'update', 1]]
    """
    from dynsync_lib.forecasts.forecast_difference import compare_forecasts  # a forecast does not wait for it

    with temporary_folder() as work:
        return compare_forecasts(opened_forecast(before), opened_forecast(after), rulebook=rulebook(), work=work)


def diff_snapshots(
    before: AnySnapshot, after: AnySnapshot, settings: str | Path | Settings | None = None
) -> SnapshotDifference:
    """What differs between two snapshots of the same portals, and which findings are gone or new: did cleaning work?

    `tables` counts records gone, new and changed, `columns` in how many records each column differs. With `settings`
    both are forecast: `findings` says per audit rule how many records it counts before and after, how many are gone
    from it and how many new, and `sync` what the sync does otherwise (see `diff_forecasts`). Without settings `sync`
    is None, and `notes` says that findings are not compared. Settings that name fields which the first snapshot does
    not have are used all the same, and `notes` names them.

    Computes: somewhat longer than two forecasts; without settings a second at demo size.

    Raises SnapshotError or SettingsError, and UsageError when the snapshots are of different portals.

    >>> diff = kit.diff_snapshots("out/demo/snapshot", "out/demo/snapshot")
    >>> diff.is_any, diff.tables[["table", "gone", "new", "changed"]].values.tolist()[0]
    (False, ['hubspot/contacts', 0, 0, 0])
    """
    from dynsync_lib.forecasts.snapshot_difference import compare_snapshots

    first, second = opened_snapshot(before), opened_snapshot(after)
    checked = None if settings is None else _settings_for(settings, second)
    with temporary_folder() as work:
        compared = compare_snapshots(first, second, settings=checked, rulebook=rulebook(), work=work)
    return compared if settings is None else replace(compared, notes=[*compared.notes, *_faults_in(settings, first)])


def _settings_for(settings: str | Path | Settings, snapshot: Snapshot) -> Settings:
    """The settings, read by the fields of a snapshot. Raises SettingsError, which names it if these are the fault."""
    opened_settings(settings)
    try:
        return opened_settings(settings, snapshot=snapshot)
    except SettingsError as fault:
        faults = [f"In {snapshot.path}: {said}" for said in fault.faults]
        raise SettingsError(faults, next_step=fault.next_step) from fault


def _faults_in(settings: str | Path | Settings, snapshot: Snapshot) -> Sequence[str]:
    """What does not fit the fields of a snapshot in settings that fit another one, in sentences."""
    try:
        _settings_for(settings, snapshot)
    except SettingsError as fault:
        return fault.faults
    return ()


def diff_settings(
    before: str | Path | Settings,
    after: str | Path | Settings,
    *,
    snapshot: AnySnapshot | None = None,
    bindings: str | Path | None = None,
) -> SettingsDifference:
    """What differs between two settings and, with a snapshot, what saving the second would additionally do.

    `settings` has a row per difference, in words. `sync` (see `diff_forecasts`) compares what the initial sync does
    under each: None without a snapshot. `bindings` are the pairs that an earlier run made, as for `forecast`; they
    stand under both. Computes, with a snapshot: about as long as one forecast.

    Raises SettingsError, SnapshotError or UsageError.

    >>> settings = kit.read_settings("out/demo/dynsync.toml", overrides={"company_dup": "rest_created"})
    >>> diff = kit.diff_settings("out/demo/dynsync.toml", settings, snapshot="out/demo/snapshot")
    >>> diff.settings.loc[0, ["section", "key", "before", "after"]].tolist()
    ['assumptions', 'company_dup', 'first_wins', 'rest_created']
    >>> effects = diff.sync.effects
    >>> effects[effects["additional"] > 0][["effect", "system", "object", "additional"]].values.tolist()[:2]
    [['created', 'dynamics', 'company', 6], ['created', 'hubspot', 'company', 14]]
    """
    from dynsync_lib.forecasts.settings_difference import compare_two_settings

    opened = None if snapshot is None else opened_snapshot(snapshot)
    first, second = (opened_settings(side, snapshot=opened) for side in (before, after))
    with temporary_folder() as work:
        return compare_two_settings(
            first,
            second,
            rulebook=rulebook(),
            snapshot=opened,
            bindings=None if bindings is None else Path(bindings),
            work=work,
        )
