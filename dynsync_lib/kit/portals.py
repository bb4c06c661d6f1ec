"""Snapshots, from both portals or from exported files; and both portals emulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dynsync_lib.errors import UsageError
from dynsync_lib.kit.rulebooks import key_maker, read_settings, rulebook

if TYPE_CHECKING:
    from dynsync_lib.emulator.serving.emulator import Emulator
    from dynsync_lib.portals.check.lines import CheckReport
    from dynsync_lib.snapshot.snapshot import Snapshot

Say = Callable[[str], None]
Addresses = Mapping[str, Mapping[str, str]]


def load(
    hubspot: Path | None,
    dynamics: Path | None,
    out: Path,
    *,
    taken_at: datetime | None = None,
    time_zone: str | None = None,
) -> Snapshot:
    """The snapshot of two folders of exported files.

    See `portals.files.load_files.load_files` and `read_load_report`.
    """
    if hubspot is None and dynamics is None:
        raise UsageError("No folder to load was named.", next_step="Give --hubspot DIR, --dynamics DIR, or both.")
    from dynsync_lib.portals.files.load_files import find_time_zone, load_files

    return load_files(
        hubspot,
        dynamics,
        out,
        key_maker=key_maker(),
        standard_schema=rulebook().standard_schema,
        taken_at=taken_at or datetime.now(UTC),
        time_zone=find_time_zone(time_zone) if time_zone is not None else None,
    )


def emulate(world: Path | None = None, *, hubspot_port: int = 0, dynamics_port: int = 0) -> Emulator:
    """Both emulated portals on 127.0.0.1, as a context manager; without a folder they serve the shipped demo world."""
    from dynsync_lib.emulator.serving.emulator import Emulator
    from dynsync_lib.emulator.world.demo_world import build_world
    from dynsync_lib.emulator.world.world_folder import open_world

    shown = build_world() if world is None else open_world(world)
    return Emulator(shown, hubspot_port=hubspot_port, dynamics_port=dynamics_port)


def pull(
    settings: Path,
    out: Path,
    *,
    addresses: Addresses | None = None,
    progress: Say | None = None,
    clock: Callable[[], datetime] | None = None,
    hubspot_version: str | None = None,
    archived: bool = False,
) -> Snapshot:
    """The snapshot of both portals, read over their APIs; nothing is ever written to them.

    `addresses` are those of an emulator (`Emulator.addresses`); without them the settings name the portals and the
    environment holds the secrets. `hubspot_version` and `archived` win over the settings. A pull that died goes on
    where it stopped. Raises SettingsError when a secret is
    missing, PortalError when a portal cannot be used.
    """
    from dynsync_lib.core.needed_fields import needed_fields
    from dynsync_lib.portals.pull.pull_portals import PullOptions, pull_portals
    from dynsync_lib.portals.sign_in.access import emulator_connections, settings_connections

    checked = read_settings(settings)
    connections = settings_connections(checked, settings) if addresses is None else emulator_connections(addresses)
    return pull_portals(
        connections,
        out,
        key_maker=key_maker(),
        fields=needed_fields(checked, rulebook()),
        options=PullOptions(
            hubspot_version=hubspot_version or checked.hubspot.api_version,
            archived=archived or checked.hubspot.archived,
            windows=checked.dynamics.windows,
        ),
        progress=_counting(progress),
        clock=clock or _now,
    )


def check(settings: Path, *, addresses: Addresses | None = None) -> CheckReport:
    """What both portals allow under these settings, line by line; nothing is written and no record is kept.

    `addresses` are those of an emulator; without them the environment holds the secrets, and a side of which nothing is
    set is not checked. Raises SettingsError for wrong settings, SafetyError for addresses that are no portal's.
    """
    from dynsync_lib.portals.check.check_portals import Unset, check_portals
    from dynsync_lib.portals.sign_in.access import Access, emulator_connections, read_access

    checked = read_settings(settings)
    access = read_access(checked, settings) if addresses is None else Access(emulator_connections(addresses))
    unset = {
        system: Unset(missing, is_begun=system in access.begun) for system, missing in access.missing.items() if missing
    }
    return check_portals(access.connections, checked, unset=unset)


def sign_out(settings: Path) -> bool:
    """Forgets the sign-in to Dynamics that these settings keep; whether there was one comes out."""
    from dynsync_lib.portals.sign_in.access import read_access, token_store

    checked = read_settings(settings)
    store = token_store(checked.dynamics, read_access(checked, settings).connections.client_id)
    return store is not None and store.forget()


def _now() -> datetime:
    return datetime.now(UTC)


def _counting(say: Say | None) -> Callable[[str, int, int | None], None]:
    """Tells each table once, when it is whole."""

    def count(table: str, rows: int, total: int | None) -> None:
        if say is not None and total is not None and rows == total:
            say(f"  {table}: {rows:,}")

    return count
