"""Where the two portals are and how to sign in; and which hosts may ever see a secret.

Facts
    * HubSpot's API answers at `api.hubapi.com`, Dataverse at a host of its own in one of Microsoft's clouds, the
      sign-in at one of Microsoft's authority hosts (portal-apis 1.1, 5.1, 9). All else but this machine is refused.
    * `org.api.crm4.dynamics.com` is the same API as `org.crm4.dynamics.com`; people paste whole page addresses.

Where it is used: `portals.transport` pins the hosts, `portals.pull` connects.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal

import httpx

from dynsync_lib.core.settings import SignInKind
from dynsync_lib.errors import SafetyError, SettingsError, UsageError
from dynsync_lib.portals.token_store import TokenStore

Portal = Literal["hubspot", "dynamics", "sign-in"]
HUBSPOT_URL: Final = "https://api.hubapi.com"
_HOSTS: Final[dict[Portal, re.Pattern[str]]] = {
    "hubspot": re.compile(r"api(-[a-z0-9]+)?\.hubapi\.com"),
    "dynamics": re.compile(
        r"[a-z0-9-]+\.(crm\d*\.dynamics\.com|crm\d*\.microsoftdynamics\.us|crm\.appsplatform\.us|crm\.dynamics\.cn)"
    ),
    "sign-in": re.compile(
        r"login\.(microsoftonline\.com|microsoft\.com|windows\.net|microsoftonline\.us|partner\.microsoftonline\.cn)"
    ),
}
_PASTED_AROUND: Final = re.compile(
    r"""\A(?:["'`<\s\u200b\ufeff]|authorization\s*:|bearer\s)+|["'`>\s\u200b\ufeff]+\Z""", re.IGNORECASE
)
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


def say_to_person(sentence: str) -> None:
    """Tells the person at this machine, on standard error: standard output may be read by a program."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalConnections:
    """The two portals and the secrets that open them; a side without its secret or address is left out.

    `authority` and `tenant_id` None: discovered from the sign-in challenge. `ca_file` holds the certificate authority
    of an emulator; None trusts what the machine trusts. `sign_in` says who signs in to Dynamics and how; the app's
    certificate is a PEM or PFX file, `certificate_thumbprint` None when the file tells it. `tell_person` is told what a
    person has to do; `token_store` None: no token outlives the command. The secrets are not shown in `repr`.
    """

    hubspot_url: str = HUBSPOT_URL
    hubspot_token: str | None = field(default=None, repr=False)
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

    @property
    def hubspot_origin(self) -> httpx.URL | None:
        """Scheme, host and port of HubSpot; None when it is left out. Raises SafetyError for a foreign host."""
        return check_host("hubspot", self.hubspot_url) if self.token else None

    @property
    def dynamics_origin(self) -> httpx.URL | None:
        """Scheme, host and port of Dataverse; None when it is left out. Raises SafetyError for a foreign host."""
        return check_host("dynamics", self.dynamics_url) if (self.dynamics_url or "").strip() else None

    @property
    def token(self) -> str:
        """HubSpot's token without what is pasted along with it; empty when there is none. See `pasted_secret`."""
        return pasted_secret(self.hubspot_token or "", what="HubSpot's token")

    @property
    def is_emulated(self) -> bool:
        """Whether every portal that is read is on this machine."""
        origins = [origin for origin in (self.hubspot_origin, self.dynamics_origin) if origin is not None]
        return bool(origins) and all(is_loopback(origin) for origin in origins)


def pasted_secret(text: str, *, what: str) -> str:
    """The secret without what people paste along: white space, line ends, quotes, `Authorization:`, `Bearer`.

    Raises SettingsError, which names `what` and never the text, when characters are left that no secret has.
    """
    plain = re.sub(r"[\r\n]+\s*", "", _PASTED_AROUND.sub("", text))
    if plain and not _TOKEN.fullmatch(plain):
        raise SettingsError(
            [f"{what} holds characters that none has, as when it was copied while it was hidden."],
            next_step="Show it in the portal, copy the whole of it, and set the environment variable again.",
        )
    return plain


def check_host(portal: Portal, address: str | None) -> httpx.URL:
    """Scheme, host and port of an address that may belong to the portal.

    Of Dynamics people paste the address of a page: its path goes, `.api.` goes, and http becomes https.

    Raises UsageError when it is no address, SafetyError when the host is neither the portal's nor this machine.
    """
    url = _read_url(portal, (address or "").strip().strip("\"'<>").strip())
    if is_loopback(url):
        return url
    if portal == "dynamics" and url.scheme == "http" and url.port in {None, 80}:
        url = url.copy_with(scheme="https", port=None)
    host = re.sub(r"^([a-z0-9-]+)\.api\.(?=crm)", r"\1.", url.host) if portal == "dynamics" else url.host
    if url.scheme != "https" or url.port is not None or not _HOSTS[portal].fullmatch(host):
        raise SafetyError(
            f"{url} is no address of {portal}, so no secret is sent there.",
            next_step=f"Correct the address of {portal} in the settings; it must begin with https.",
        )
    return httpx.URL(f"https://{host}")


def is_loopback(url: httpx.URL) -> bool:
    """Whether an address is on this machine."""
    try:
        return ip_address(url.host).is_loopback
    except ValueError:
        return url.host == "localhost"


def _read_url(portal: Portal, address: str) -> httpx.URL:
    text = address if "://" in address else f"https://{address}"
    try:
        url = httpx.URL(text)
        origin = httpx.URL(scheme=url.scheme, host=url.host.lower(), port=url.port)
    except (httpx.InvalidURL, ValueError) as fault:
        raise _no_address(portal, address) from fault
    if url.scheme not in {"http", "https"} or not url.host:
        raise _no_address(portal, address)
    return origin


def _no_address(portal: Portal, address: str) -> UsageError:
    return UsageError(
        f"{address!r} is no address of {portal}.", next_step="Give it as in https://contoso.crm4.dynamics.com."
    )
