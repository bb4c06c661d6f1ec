"""Snapshots, from both portals or from exported files; and both portals emulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dynsync_lib.errors import UsageError
from dynsync_lib.kit.connections import NOW, Addresses, connect
from dynsync_lib.kit.progress import Say
from dynsync_lib.kit.rulebooks import key_maker, read_settings, rulebook

if TYPE_CHECKING:
    from dynsync_lib.emulator.serving.emulator import Emulator
    from dynsync_lib.portals.check.lines import CheckReport
    from dynsync_lib.snapshot.snapshot import Snapshot


def load(
    hubspot: str | Path | None,
    dynamics: str | Path | None,
    out: str | Path,
    *,
    taken_at: datetime | None = None,
    time_zone: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Snapshot:
    """The snapshot of two folders of exported CSV or XLSX files, written to `out`; None is a side without files.

    `taken_at` is when the files were exported (UTC), at which filters are evaluated; None takes it from the files'
    names, and where these do not say it the time of loading, and says so; `time_zone` is the zone of times that name
    none, such as Europe/Berlin (UTC when None). `read_load_report` says what was recognised, guessed and not known.
    `columns` names headings that are not known, by the internal name of their column:
    `{"emailaddress1": "Email 1"}`, with its table before it where others have such a column, too
    (`dynamics/accounts.name`); an empty heading says that no file holds the column. It reads every cell; memory does
    not grow with the files.

    Raises UsageError when neither folder is named, or one is no folder or holds no file the kit knows, and
    SnapshotError when `out` is there already.

    >>> snapshot = kit.load("sample_data/hubspot", "sample_data/dynamics", "out/files")
    >>> snapshot.rows("hubspot/contacts"), snapshot.rows("dynamics/contacts")
    (1200, 1500)
    """
    if hubspot is None and dynamics is None:
        raise UsageError("No folder to load was named.", next_step="Give --hubspot DIR, --dynamics DIR, or both.")
    from dynsync_lib.portals.files.headings import OwnHeadings
    from dynsync_lib.portals.files.load_files import find_time_zone, load_files

    return load_files(
        None if hubspot is None else Path(hubspot),
        None if dynamics is None else Path(dynamics),
        Path(out),
        key_maker=key_maker(),
        standard_schema=rulebook().standard_schema,
        taken_at=taken_at,
        loaded_at=NOW(),
        time_zone=find_time_zone(time_zone) if time_zone is not None else None,
        own=OwnHeadings(dict(columns or {})),
    )


def emulate(
    world: str | Path | None = None,
    *,
    hubspot_port: int = 0,
    dynamics_port: int = 0,
    clock: datetime | None = None,
    has_limits: bool = True,
    has_records: bool = True,
    state: str | Path | None = None,
) -> Emulator:
    """Both portals and the sign-in, emulated on 127.0.0.1, as a context manager.

    `world` is a folder such as `sample_data`; None serves the shipped demo world. Port 0 is any free one. The portals
    are served until the block ends, each from a process of its own; `addresses` says where, and with what secrets.
    `clock` stops their time at that moment (UTC when it names no zone), so that the same requests always get the same
    bytes; without `has_limits` nobody is told to wait, without `has_records` the portals have fields and people and no
    record. `state` is a folder in which what is written to the portals stays: emulated again with it, the same world
    goes on from there.

    Raises InputFileError when the folder holds no world, UsageError for a port that is taken or named twice.

    >>> with kit.emulate("sample_data") as portals:
    ...     sorted(portals.addresses)
    ['dynamics', 'hubspot']
    """
    from dynsync_lib.emulator.conditions.limits import Limits
    from dynsync_lib.emulator.serving.emulator import Emulator
    from dynsync_lib.emulator.world.demo_world import build_world
    from dynsync_lib.emulator.world.emptied_world import without_records
    from dynsync_lib.emulator.world.world_folder import open_world

    if hubspot_port and hubspot_port == dynamics_port:
        raise UsageError(
            f"Both portals cannot be served on port {hubspot_port}.", next_step="Name two ports, or 0 for any free one."
        )
    moment = clock if clock is None or clock.tzinfo is not None else clock.replace(tzinfo=UTC)
    served = build_world() if world is None else open_world(Path(world))
    return Emulator(
        served if has_records else without_records(served),
        hubspot_port=hubspot_port,
        dynamics_port=dynamics_port,
        limits=Limits(enforced=has_limits),
        is_apart=True,
        begins_at_s=None if moment is None else moment.timestamp(),
        state=None if state is None else Path(state),
    )


def pull(
    settings: str | Path,
    out: str | Path,
    *,
    addresses: Addresses | None = None,
    progress: Say | None = None,
    clock: Callable[[], datetime] | None = None,
    hubspot_version: str | None = None,
    archived: bool = False,
) -> Snapshot:
    """The snapshot of both portals, read over their APIs and written to `out`; nothing is ever written to a portal.

    `addresses` are those of an emulator (`Emulator.addresses`); without them the settings name the portals and the
    environment holds the secrets. `progress` is called with a line as each table is whole, `clock` gives the time.
    `hubspot_version` (v3, 2026-03, 2026-09) and `archived` win over the settings. A pull that died continues where it
    stopped. It makes one request for about a hundred records, within the portals' limits; memory does not grow with
    them.

    Raises SettingsError when a secret is missing, PortalError when a portal cannot be used, SnapshotError when `out` is
    there already.

    >>> with kit.emulate() as portals:
    ...     snapshot = kit.pull("out/demo/dynsync.toml", "out/pulled", addresses=portals.addresses)
    >>> snapshot.manifest["source"], snapshot.rows("dynamics/accounts")
    ('emulator', 340)
    """
    from dynsync_lib.core.needed_fields import needed_fields
    from dynsync_lib.portals.pull.pull_portals import PullOptions, pull_portals

    checked = read_settings(settings)
    return pull_portals(
        connect(checked, Path(settings), addresses),
        Path(out),
        key_maker=key_maker(),
        fields=needed_fields(checked, rulebook()),
        options=PullOptions(
            hubspot_version=hubspot_version or checked.hubspot.api_version,
            archived=archived or checked.hubspot.archived,
            windows=checked.dynamics.windows,
        ),
        progress=_counting(progress),
        clock=clock or NOW,
    )


def check(settings: str | Path, *, addresses: Addresses | None = None) -> CheckReport:
    """What both portals allow under these settings, line by line; nothing is written and no record is kept.

    `addresses` are those of an emulator; without them the environment holds the secrets, and a side of which nothing is
    set is not checked. It makes about a dozen requests a portal. What a portal refuses is a line, not an error.

    Raises SettingsError for wrong settings, SafetyError for addresses that are no portal's.

    >>> with kit.emulate() as portals:
    ...     report = kit.check("out/demo/dynsync.toml", addresses=portals.addresses)
    >>> report.exit_code, report.lines[0].says
    (0, 'HubSpot answers: portal 424242, DEVELOPER_TEST, a test portal.')
    """
    from dynsync_lib.portals.check.check_portals import Unset, check_portals
    from dynsync_lib.portals.sign_in.access import Access, emulator_connections, read_access

    checked = read_settings(settings)
    access = read_access(checked, Path(settings)) if addresses is None else Access(emulator_connections(addresses))
    unset = {
        system: Unset(missing, is_begun=system in access.begun) for system, missing in access.missing.items() if missing
    }
    return check_portals(access.connections, checked, unset=unset)


def sign_out(settings: str | Path) -> bool:
    """Forgets the sign-in to Dynamics that is remembered for these settings; True when there was one.

    Raises SettingsError for wrong settings.

    >>> kit.sign_out("out/demo/dynsync.toml")
    False
    """
    from dynsync_lib.portals.sign_in.access import read_access, token_store

    checked = read_settings(settings)
    store = token_store(checked.dynamics, read_access(checked, Path(settings)).connections.client_id)
    return store is not None and store.forget()


def _counting(say: Say | None) -> Callable[[str, int, int | None], None]:
    """Says of each table once, when it is whole, how many rows it has."""

    def count(table: str, rows: int, total: int | None) -> None:
        if say is not None and total is not None and rows == total:
            say(f"  {table}: {rows:,}")

    return count
