"""The way of a kit function to portals: those of an emulator, or those that the settings name.

Where it is used: `kit.portals`, `kit.rehearsals`, `kit.trials`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynsync_lib.core.settings import Settings
from dynsync_lib.kit.rulebooks import key_maker, rulebook

if TYPE_CHECKING:
    from dynsync_lib.portals.sign_in.connections import PortalConnections
    from dynsync_lib.rehearsal.portal_steps import PortalSteps

Addresses = Mapping[str, Mapping[str, str]]
"""What `Emulator.addresses` says, and `dynsync emulator --json` prints."""
NOW: Final = partial(datetime.now, UTC)
"""The machine's clock."""


def connect(settings: Settings, file: Path, addresses: Addresses | None) -> PortalConnections:
    """Where both portals are, with their secrets: the emulator's of `addresses`, without them those of the settings.

    `file` is the settings' file, beside which a `.env` is looked for. Raises SettingsError when a secret is missing.
    """
    from dynsync_lib.portals.sign_in.access import emulator_connections, settings_connections

    return settings_connections(settings, file) if addresses is None else emulator_connections(addresses)


def steps_in_portals(settings: Settings, file: Path, addresses: Addresses | None) -> PortalSteps:
    """What can be done in the portals of `connect`, which must be for tests. Nothing is asked of them yet."""
    from dynsync_lib.rehearsal.portal_steps import PortalSteps

    return PortalSteps(connect(settings, file, addresses), settings, rulebook(), key_maker(), NOW)
