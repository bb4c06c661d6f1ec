"""Which hosts may ever see a secret.

Facts
    * HubSpot's API answers at `api.hubapi.com`, Dataverse at a host of its own in one of Microsoft's clouds, the
      sign-in at one of Microsoft's authority hosts (portal-apis 1.1, 5.1, 9). All else but this machine is refused.
    * `org.api.crm4.dynamics.com` is the same API as `org.crm4.dynamics.com`; people paste whole page addresses.

Where it is used: `portals.http.transport` pins the hosts.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final, Literal

import httpx

from dynsync_lib.errors import SafetyError, UsageError

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


def check_host(portal: Portal, address: str | None) -> httpx.URL:
    """Scheme, host and port of an address, once it is known to be the portal's or on this machine.

    People paste the address of a page of Dynamics: its path and `.api.` are cut off, and http becomes https.

    Raises UsageError for a text that is no address, SafetyError for a host that is neither the portal's nor this
    machine.
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
