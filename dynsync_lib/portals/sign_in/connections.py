"""Where the two portals are and how to sign in.

Where it is used: `portals.pull.pull_portals.pull_portals` and `portals.check.check_portals.check_portals` connect.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from dynsync_lib.core.settings import SignInKind
from dynsync_lib.errors import SettingsError
from dynsync_lib.messages import hide_secrets, remember_secret, show_controls
from dynsync_lib.portals.http.hosts import HUBSPOT_URL, check_host, is_loopback
from dynsync_lib.portals.sign_in.token_store import TokenStore

PEOPLE: Final[frozenset[SignInKind]] = frozenset({"device_code", "browser"})
"""The ways to sign in that need a person."""
_PASTED_AROUND: Final = re.compile(
    r"""\A(?:["'`<\s\u200b\ufeff]|authorization\s*:|bearer\s)+|["'`>\s\u200b\ufeff]+\Z""", re.IGNORECASE
)
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


def say_to_person(sentence: str) -> None:
    """Writes a sentence for the person at this machine to standard error: a program may read standard output."""
    sys.stderr.write(f"{show_controls(hide_secrets(sentence))}\n")
    sys.stderr.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalConnections:
    """The two portals and the secrets that open them; a side without its secret or address is left out.

    `hubspot_token` may be as it was pasted; messages about it call it `hubspot_token_name`. `authority` and `tenant_id`
    None: read from the sign-in challenge. `ca_file` holds the certificate authority of an emulator; None trusts what
    the machine trusts. `sign_in` says who signs in to Dynamics and how; the app's certificate is a PEM or PFX file,
    `certificate_thumbprint` None when it can be read from the file. `tell_person` is called with what a person has to
    do; `token_store` None: no token outlives the command. `repr` shows no secrets.

    Raises SettingsError when the token has characters that no token has.
    """

    hubspot_url: str = HUBSPOT_URL
    hubspot_token: str | None = field(default=None, repr=False)
    hubspot_token_name: str = "HubSpot's token"  # noqa: S105 - what it is called, not the token
    dynamics_url: str | None = None
    authority: str | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    sign_in: SignInKind = "client_secret"
    certificate_file: Path | None = None
    certificate_password: str | None = field(default=None, repr=False)
    certificate_thumbprint: str | None = None
    tell_person: Callable[[str], None] = field(default=say_to_person, repr=False)
    token_store: TokenStore | None = field(default=None, repr=False)
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        remember_secret(self.hubspot_token, self.client_secret, self.certificate_password)
        token = pasted_secret(self.hubspot_token or "", what=self.hubspot_token_name) or None
        remember_secret(token)
        object.__setattr__(self, "hubspot_token", token)

    @property
    def hubspot_origin(self) -> httpx.URL | None:
        """Scheme, host and port of HubSpot; None when it is left out. Raises SafetyError for a foreign host."""
        return check_host("hubspot", self.hubspot_url) if self.hubspot_token else None

    @property
    def dynamics_origin(self) -> httpx.URL | None:
        """Scheme, host and port of Dataverse; None when it is left out. Raises SafetyError for a foreign host."""
        return check_host("dynamics", self.dynamics_url) if (self.dynamics_url or "").strip() else None

    @property
    def token(self) -> str:
        """HubSpot's token; empty when there is none."""
        return self.hubspot_token or ""

    @property
    def is_emulated(self) -> bool:
        """Whether every portal that is read is on this machine; False when none is."""
        origins = [origin for origin in (self.hubspot_origin, self.dynamics_origin) if origin is not None]
        return bool(origins) and all(is_loopback(origin) for origin in origins)


def pasted_secret(text: str, *, what: str) -> str:
    """The secret without what people paste with it: white space, line ends, quotes, `Authorization:`, `Bearer`.

    Raises SettingsError, which names `what` and never the text, when other characters are left that no secret has.
    """
    plain = re.sub(r"[\r\n]+\s*", "", _PASTED_AROUND.sub("", text))
    if plain and not _TOKEN.fullmatch(plain):
        raise SettingsError(
            [f"{what} holds characters that none has, as when it was copied while it was hidden."],
            next_step="Show it in the portal, copy the whole of it, and set the environment variable again.",
        )
    return plain
