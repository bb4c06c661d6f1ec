"""Rehearsals of the initial sync in two test portals, from the plan to the clean-up."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynsync_lib.errors import UsageError
from dynsync_lib.kit.connections import Addresses, steps_in_portals
from dynsync_lib.kit.opened import AnyForecast, AnySnapshot, opened_forecast, opened_snapshot
from dynsync_lib.kit.rulebooks import read_settings, rulebook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dynsync_lib.core.settings import Settings
    from dynsync_lib.rehearsal.cleaning import Cleaned, Removal
    from dynsync_lib.rehearsal.comparing import Comparison
    from dynsync_lib.rehearsal.portal_steps import PortalSteps
    from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal
    from dynsync_lib.rehearsal.running import Ran
    from dynsync_lib.rehearsal.seeding import Seeded
    from dynsync_lib.rehearsal.settings_to_make import SettingToMake
    from dynsync_lib.rehearsal.waiting import Watch, Watched

_KEY_BYTES: Final = 32


def plan_rehearsal(
    snapshot: AnySnapshot,
    settings: str | Path,
    out: str | Path,
    *,
    forecast: AnyForecast | None = None,
    key: bytes | None = None,
    keep_begun: bool = False,
) -> Rehearsal:
    """A rehearsal of a snapshot under settings, planned in the folder `out`; no portal is asked.

    `forecast` is a forecast of that snapshot under these settings, or its folder; None: one is made on the way, which
    takes most of the time. `key` is what pseudonyms are made with, at least 16 bytes; None: that of an earlier plan in
    `out`, else a new one. The same snapshot, settings and key give the same bytes. An earlier plan is replaced unless
    something of it may stand in a portal; with `keep_begun` it is then given back, if it is of the same snapshot and
    settings, and its steps go on.

    Raises SettingsError, SnapshotError or UsageError before anything is written.

    >>> demo = ("out/demo/snapshot", "out/demo/dynsync.toml")
    >>> plan = kit.plan_rehearsal(*demo, "out/rehearsal", forecast="out/demo/forecast", key=bytes(32))
    >>> len(plan.info["not_covered"]) < len(plan.info["covered"])
    True
    """
    from dynsync_lib.rehearsal.planning.plan_folder import PlanTask, plan_rehearsal
    from dynsync_lib.rehearsal.rehearsal_folder import begun_rehearsal, kept_key

    if key is not None and len(key) < 16:
        raise UsageError(f"A key of {len(key)} bytes is too short.", next_step="Give 16 bytes or more, or none.")
    opened = opened_snapshot(snapshot)
    checked = read_settings(settings, snapshot=opened)
    begun = begun_rehearsal(Path(out), opened, checked.digest) if keep_begun else None
    if begun is not None:
        return begun
    task = PlanTask(
        opened,
        checked,
        Path(settings).read_bytes(),
        rulebook(),
        key or kept_key(Path(out)) or secrets.token_bytes(_KEY_BYTES),
    )
    return plan_rehearsal(task, Path(out), opened_forecast(forecast) if forecast is not None else None)


def seed_rehearsal(rehearsal: str | Path, *, addresses: Addresses | None = None) -> Seeded:
    """What stands in both test portals after the look-alikes of a rehearsal were written there, each once.

    `addresses` are those of an emulator; without them the settings of the rehearsal name the portals, under
    `[rehearsal]` or else their own, and the environment holds the secrets. A seeding that was stopped, at any moment,
    is completed by the next. Ends with a snapshot of both portals in the rehearsal's folder.

    Raises ProductionPortalError, and writes nothing, unless both portals say that they are for tests; SafetyError for
    records in the way, AccessError for missing rights, UsageError for fields that the portals lack.

    >>> demo = ("out/demo/snapshot", "out/demo/dynsync.toml")
    >>> plan = kit.plan_rehearsal(*demo, "out/seeded", forecast="out/demo/forecast", key=bytes(32))
    >>> with kit.emulate() as portals:
    ...     seeded = kit.seed_rehearsal("out/seeded", addresses=portals.addresses)
    >>> seeded.is_in_order, len(seeded.ids["dynamics/accounts"])
    (True, 33)
    """
    from dynsync_lib.rehearsal.rehearsal_folder import open_rehearsal

    opened = open_rehearsal(rehearsal)
    return portal_steps(opened, addresses).seed(opened)


def removal_of_rehearsal(rehearsal: str | Path, *, addresses: Addresses | None = None, by_tag: bool = False) -> Removal:
    """What `clean_rehearsal` would remove now; nothing is written.

    Raises as `clean_rehearsal`.

    >>> demo = ("out/demo/snapshot", "out/demo/dynsync.toml")
    >>> plan = kit.plan_rehearsal(*demo, "out/looked_at", forecast="out/demo/forecast", key=bytes(32))
    >>> with kit.emulate() as portals:
    ...     removal = kit.removal_of_rehearsal("out/looked_at", addresses=portals.addresses, by_tag=True)
    >>> removal.count
    0
    """
    from dynsync_lib.rehearsal.rehearsal_folder import open_rehearsal

    opened = open_rehearsal(rehearsal)
    return portal_steps(opened, addresses).plan_removal(opened, by_tag=by_tag)


def run_rehearsal(rehearsal: str | Path, *, addresses: Addresses | None = None) -> Ran:
    """What the sync wrote into both test portals, done by the emulator's witness in the place of the real Data Sync.

    Only portals on this machine are run so. A run that was stopped goes on where it ended.

    Raises UsageError for portals elsewhere or without look-alikes, ProductionPortalError unless both are for tests,
    SafetyError when a stopped run left HubSpot in a state that nobody knows.

    >>> demo = ("out/demo/snapshot", "out/demo/dynsync.toml")
    >>> plan = kit.plan_rehearsal(*demo, "out/run", forecast="out/demo/forecast", key=bytes(32))
    >>> with kit.emulate() as portals:
    ...     seeded = kit.seed_rehearsal("out/run", addresses=portals.addresses)
    ...     ran = kit.run_rehearsal("out/run", addresses=portals.addresses)
    >>> ran.refused, ran.is_new
    ({}, True)
    """
    from dynsync_lib.rehearsal.rehearsal_folder import open_rehearsal
    from dynsync_lib.rehearsal.running import refuse_unseeded
    from dynsync_lib.rehearsal.sync_steps import run_by_emulator

    opened = open_rehearsal(rehearsal)
    refuse_unseeded(opened)
    return run_by_emulator(portal_steps(opened, addresses), opened, _settings_of_portals(opened))


def rehearsal_settings(rehearsal: str | Path) -> list[SettingToMake]:
    """The settings to make in HubSpot before the real sync is started in the test portals, in the order of its pages.

    >>> plan = kit.plan_rehearsal("out/demo/snapshot", "out/demo/dynsync.toml", "out/settings", key=bytes(32))
    >>> kit.rehearsal_settings("out/settings")[2].setting
    'If there is a conflict, use data from'
    """
    from dynsync_lib.rehearsal.rehearsal_folder import open_rehearsal
    from dynsync_lib.rehearsal.settings_to_make import settings_to_make

    opened = open_rehearsal(rehearsal)
    return settings_to_make(read_settings(opened.settings_path), opened.planned().rows("mapping"))


def wait_for_sync(
    rehearsal: str | Path,
    *,
    addresses: Addresses | None = None,
    watch: Watch | None = None,
    look: Callable[[Mapping[str, int], int], None] | None = None,
) -> Watched:
    """Watches both test portals, read-only, until the sync has come to rest, and says what was seen.

    `watch` says how often and how long; `look` is called after each look with the records by table (and
    HubSpot's associations under `associations of contact to company` and the like) and how many looks saw the same.

    Raises UsageError for a rehearsal that was not seeded, ProductionPortalError for portals that are not for tests.

    >>> demo = ("out/demo/snapshot", "out/demo/dynsync.toml")
    >>> plan = kit.plan_rehearsal(*demo, "out/waited", forecast="out/demo/forecast", key=bytes(32))
    >>> with kit.emulate() as portals:
    ...     seeded = kit.seed_rehearsal("out/waited", addresses=portals.addresses)
    ...     ran = kit.run_rehearsal("out/waited", addresses=portals.addresses)
    ...     watch = kit.Watch(interval_s=0, still_looks=2)
    ...     watched = kit.wait_for_sync("out/waited", addresses=portals.addresses, watch=watch)
    >>> watched.has_begun, watched.is_at_rest
    (True, True)
    """
    from dynsync_lib.rehearsal.rehearsal_folder import open_rehearsal
    from dynsync_lib.rehearsal.running import refuse_unseeded
    from dynsync_lib.rehearsal.waiting import wait_for_rest

    opened = open_rehearsal(rehearsal)
    refuse_unseeded(opened)
    return wait_for_rest(portal_steps(opened, addresses), opened, watch, look)


def compare_rehearsal(
    rehearsal: str | Path, out: str | Path | None = None, *, addresses: Addresses | None = None
) -> Comparison:
    """What was predicted of the look-alikes beside what the sync made of them, each miss with both its chains.

    Reads both portals when they were not read since the sync, and writes the receipt into the rehearsal's folder, or
    into `out`.

    Raises UsageError for a rehearsal that was not seeded.

    >>> demo = ("out/demo/snapshot", "out/demo/dynsync.toml")
    >>> plan = kit.plan_rehearsal(*demo, "out/compared", forecast="out/demo/forecast", key=bytes(32))
    >>> with kit.emulate() as portals:
    ...     seeded = kit.seed_rehearsal("out/compared", addresses=portals.addresses)
    ...     ran = kit.run_rehearsal("out/compared", addresses=portals.addresses)
    ...     comparison = kit.compare_rehearsal("out/compared", addresses=portals.addresses)
    >>> comparison.holds, comparison.figures["accuracy"]
    (True, 1.0)
    """
    from dynsync_lib.rehearsal.rehearsal_folder import open_rehearsal
    from dynsync_lib.rehearsal.running import refuse_unseeded
    from dynsync_lib.rehearsal.sync_steps import compare_rehearsal

    opened = open_rehearsal(rehearsal)
    refuse_unseeded(opened)
    where = None if out is None else Path(out)
    return compare_rehearsal(portal_steps(opened, addresses), opened, _settings_of_portals(opened), where)


def _settings_of_portals(rehearsal: Rehearsal) -> Settings:
    """The settings of a rehearsal, read with the fields of the test portals."""
    return read_settings(rehearsal.settings_path, snapshot=rehearsal.before())


def clean_rehearsal(rehearsal: str | Path, *, addresses: Addresses | None = None, by_tag: bool = False) -> Cleaned:
    """Removes what a rehearsal and its sync made in both test portals, and proves that all else is as it was.

    `by_tag` asks no journal: look-alikes are known by their tag, and what the sync made by their keys. A clean-up that
    was stopped is completed by the next.

    Raises ProductionPortalError unless both portals say that they are for tests, SafetyError when a foreign record
    points to one that would go, UsageError without a journal unless `by_tag`.

    >>> demo = ("out/demo/snapshot", "out/demo/dynsync.toml")
    >>> plan = kit.plan_rehearsal(*demo, "out/cleaned", forecast="out/demo/forecast", key=bytes(32))
    >>> with kit.emulate() as portals:
    ...     seeded = kit.seed_rehearsal("out/cleaned", addresses=portals.addresses)
    ...     cleaned = kit.clean_rehearsal("out/cleaned", addresses=portals.addresses)
    >>> cleaned.removal.count == sum(map(len, seeded.ids.values()))
    True
    >>> cleaned.changed_since_seeding
    []
    """
    from dynsync_lib.rehearsal.rehearsal_folder import open_rehearsal

    opened = open_rehearsal(rehearsal)
    return portal_steps(opened, addresses).clean(opened, by_tag=by_tag)


def portal_steps(rehearsal: Rehearsal, addresses: Addresses | None) -> PortalSteps:
    """What the steps in the test portals need. Raises SettingsError when a secret is missing."""
    settings = read_settings(rehearsal.settings_path).of_test_portals()
    return steps_in_portals(settings, _beside_secrets(rehearsal), addresses)


def _beside_secrets(rehearsal: Rehearsal) -> Path:
    """A settings file beside which a `.env` is looked for: in the rehearsal's folder, else in the working folder."""
    own = rehearsal.settings_path
    return own if (own.parent / ".env").exists() else Path(own.name)
