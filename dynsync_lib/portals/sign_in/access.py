"""From settings to portals: where they are, and which secrets open them.

Where it is used: `kit.pull`, `kit.check`, `kit.sign_out`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from dynsync_lib.core.model import System
from dynsync_lib.core.settings import DynamicsSettings, Settings
from dynsync_lib.errors import SettingsError
from dynsync_lib.messages import remember_secret
from dynsync_lib.portals.sign_in.connections import PEOPLE, PortalConnections, pasted_secret
from dynsync_lib.portals.sign_in.token_store import TokenStore
from dynsync_lib.small_files import SmallFileError, read_small_text

_MOST_ENV_BYTES: Final = 1 << 20


def emulator_connections(addresses: Mapping[str, Mapping[str, str]]) -> PortalConnections:
    """The two portals of a running emulator, from `Emulator.addresses`: by system, the entries of each by name."""
    hubspot, dynamics = addresses["hubspot"], addresses["dynamics"]
    return PortalConnections(
        hubspot_url=hubspot["url"],
        hubspot_token=hubspot["token"],
        dynamics_url=dynamics["tls_url"],
        authority=dynamics["authority"],
        tenant_id=dynamics["tenant_id"],
        client_id=dynamics["client_id"],
        client_secret=dynamics["client_secret"],
        ca_file=Path(dynamics["ca_file"]),
    )


@dataclass(frozen=True, slots=True)
class Access:
    """Connections from settings and environment, which leave out a side when something it needs is not set.

    `missing` has, for each side, a sentence for each thing that is not set; `begun` are the sides of which something
    is set.
    """

    connections: PortalConnections
    missing: Mapping[System, tuple[str, ...]] = field(default_factory=dict)
    begun: frozenset[System] = frozenset()


def settings_connections(settings: Settings, file: Path) -> PortalConnections:
    """The portals that the settings name, with the secrets of the environment or of a `.env` beside `file`.

    Raises SettingsError that names everything that is missing, or a token that cannot be one.
    """
    access = read_access(settings, file)
    faults = [fault for faults in access.missing.values() for fault in faults]
    if faults:
        raise SettingsError(faults, next_step=f"Set them in the environment or in a file .env beside {file.name}.")
    return access.connections


def read_access(settings: Settings, file: Path) -> Access:
    """The portals that the settings name, as far as the environment, or a `.env` beside `file`, holds their secrets.

    Reads the environment and the file. Raises SettingsError for a token that cannot be one, or a `.env` that cannot be
    read.
    """
    known = {name: text for name, text in {**read_env_file(file.parent / ".env"), **os.environ}.items() if text}
    dynamics = settings.dynamics
    proof = _PROOF.get(dynamics.sign_in)
    needed = [dynamics.client_id_env, *([getattr(dynamics, proof)] if proof else [])]
    missing = {System.HUBSPOT: _unset([settings.hubspot.token_env], known), System.DYNAMICS: _unset(needed, known)}
    if not dynamics.url.strip():
        missing[System.DYNAMICS] += (f"{file.name}: `url` under [dynamics] is empty.",)
    begun = {System.HUBSPOT} if not missing[System.HUBSPOT] else set()
    if dynamics.url.strip() or any(name in known for name in needed):
        begun.add(System.DYNAMICS)
    return Access(_connections(settings, known, missing), missing, frozenset(begun))


def read_env_file(file: Path) -> dict[str, str | None]:
    """The variables of a `.env`, as they are written: `${NAME}` is no reference. Empty without the file.

    Raises SettingsError when it cannot be read.
    """
    if not file.exists():
        return {}
    try:
        text = read_small_text(file, most_bytes=_MOST_ENV_BYTES)
    except SmallFileError as fault:
        raise SettingsError([f"{file} {fault}."], next_step="Save it as plain text in UTF-8: NAME=value.") from fault
    return dict(dotenv_values(stream=StringIO(text), interpolate=False))


def token_store(settings: DynamicsSettings, client_id: str | None) -> TokenStore | None:
    """Where the tokens of this sign-in are stored between commands; None when the settings store none.

    Nothing is read or written yet.
    """
    is_kept = settings.keep_tokens == "always" or (settings.keep_tokens == "people" and settings.sign_in in PEOPLE)
    about = (settings.url, settings.tenant_id, settings.sign_in, client_id or "")
    return TokenStore(Path.home() / ".dynsync", about=about) if is_kept else None


_PROOF: Final[Mapping[str, str]] = {"client_secret": "client_secret_env", "certificate": "certificate_file_env"}
"""By the way to sign in: the setting that names the variable with the app's proof; people prove themselves."""


def _unset(names: Iterable[str], known: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"The environment variable {name} is not set." for name in names if name not in known)


def _connections(
    settings: Settings, known: Mapping[str, str], missing: Mapping[System, Sequence[str]]
) -> PortalConnections:
    dynamics = settings.dynamics
    names = (settings.hubspot.token_env, dynamics.client_secret_env, dynamics.certificate_password_env)
    remember_secret(*map(known.get, names))
    secrets = {
        name: pasted_secret(known.get(variable, ""), what=f"The environment variable {variable}") or None
        for name, variable in (("client_id", dynamics.client_id_env), ("client_secret", dynamics.client_secret_env))
    }
    file = known.get(dynamics.certificate_file_env)
    return PortalConnections(
        hubspot_token=known.get(settings.hubspot.token_env),
        hubspot_token_name=f"The environment variable {settings.hubspot.token_env}",
        dynamics_url=None if missing[System.DYNAMICS] else dynamics.url,
        tenant_id=dynamics.tenant_id or None,
        client_id=secrets["client_id"],
        client_secret=secrets["client_secret"],
        sign_in=dynamics.sign_in,
        certificate_file=Path(file).expanduser() if file else None,
        certificate_password=known.get(dynamics.certificate_password_env),
        certificate_thumbprint=dynamics.certificate_thumbprint or None,
        token_store=token_store(dynamics, secrets["client_id"]),
    )
