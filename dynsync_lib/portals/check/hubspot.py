"""Checks whether HubSpot can be pulled: the token, the account, the scopes, how much can be read.

Facts
    * account-info is the real check of a token. What HubSpot says about the token (`access-token-info`) is a hint: when
      that call fails, the scopes are unknown, and nothing is wrong (portal-apis 1.2).
    * The 403 that answers a read of one record names the missing scope (3.3). The total is that of a search (2.8).

Where it is used: `portals.check.check_portals`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx

from dynsync_lib.core.model import Object, System
from dynsync_lib.errors import AccessError, PortalError
from dynsync_lib.portals.check.lines import CheckLine, CheckState, as_documented, fault_line, portal_kind
from dynsync_lib.portals.http.caller import PortalCaller
from dynsync_lib.portals.http.pace import Limiter, Pace
from dynsync_lib.portals.hubspot.errors import hubspot_manners
from dynsync_lib.portals.hubspot.paths import HubSpotPaths
from dynsync_lib.portals.hubspot.reader import read_scopes
from dynsync_lib.portals.pull.table_puller import REQUIRED, run_together

_TABLES: Final[Mapping[str, Object]] = {
    "contacts": Object.CONTACT,
    "companies": Object.COMPANY,
    "deals": Object.DEAL,
    "invoices": Object.INVOICE,
}
_MOST_USED_SHARE: Final = 0.8
_HUBSPOT: Final = System.HUBSPOT.value


@dataclass(frozen=True, slots=True)
class HubSpotCheck:
    """Checks one portal. `enabled` are the objects to be synced; those, contacts and companies must be readable."""

    client: httpx.AsyncClient
    token: str
    enabled: Collection[Object]
    paths: HubSpotPaths
    pace: Pace

    async def lines(self) -> list[CheckLine]:
        """One line for each thing that was checked, the portal first; only that line when the token is refused.

        Raises SafetyError for a request that is not allowed.
        """
        requests = Limiter(self.pace, allowed=50, window_s=10.0)
        searches = Limiter(self.pace, allowed=4, window_s=1.0)
        caller = PortalCaller(self.client, hubspot_manners(), requests, self.pace)
        try:
            with as_documented("HubSpot"):
                account = _account_line(await caller.get(self.paths.account))
        except PortalError as fault:
            return [fault_line(System.HUBSPOT, "portal", fault)]
        tables = [self._table(caller, searches, plural, object_) for plural, object_ in _TABLES.items()]
        others = await run_together(self._usage(caller), *tables, self._owners(caller), self._rights(caller))
        return [account, *others]

    async def _usage(self, caller: PortalCaller) -> CheckLine:
        try:
            start = self.paths.account.removesuffix("/details")
            answer = await caller.get(f"{start}/api-usage/daily/private-apps")
            (usage,) = answer["results"][:1]
            used, allowed = int(usage["currentUsage"]), int(usage["usageLimit"])
        except (PortalError, KeyError, TypeError, ValueError):
            return CheckLine(
                _HUBSPOT, "requests", "not_checked", "HubSpot does not say how many requests are left today."
            )
        state: CheckState = "warning" if used > allowed * _MOST_USED_SHARE else "ok"
        says = f"{used:,} of {allowed:,} requests of today are used."
        next_step = "Pull after midnight of the account's time zone." if state == "warning" else ""
        return CheckLine(_HUBSPOT, "requests", state, says, next_step, {"used": used, "allowed": allowed})

    async def _table(self, caller: PortalCaller, searches: Limiter, plural: str, object_: Object) -> CheckLine:
        try:
            with as_documented("HubSpot"):
                await caller.get(f"{self.paths.objects}/{plural}?limit=1&archived=false")
                properties = len((await caller.get(f"{self.paths.properties}/{plural}?archived=false"))["results"])
                search = await caller.post(f"{self.paths.objects}/{plural}/search", {"limit": 1}, limiter=searches)
                total = int(search["total"])
        except AccessError as fault:
            return self._refused(plural, object_, fault)
        except PortalError as fault:
            return fault_line(System.HUBSPOT, plural, fault)
        says = f"{plural.title()} can be read: {total:,}, with {properties:,} properties."
        return CheckLine(_HUBSPOT, plural, "ok", says, facts={"rows": total, "properties": properties})

    def _refused(self, plural: str, object_: Object, fault: AccessError) -> CheckLine:
        is_needed = object_ in self.enabled or object_ in REQUIRED
        line = fault_line(System.HUBSPOT, plural, fault, state="fault" if is_needed else "warning")
        says = line.says if is_needed else f"{line.says} The settings do not sync {plural}, so they may stay unread."
        return replace(line, says=says, facts={**line.facts, "missing_scopes": list(fault.missing)})

    async def _owners(self, caller: PortalCaller) -> CheckLine:
        try:
            await caller.get(f"{self.paths.owners}?limit=1&archived=false")
        except AccessError as fault:
            line = fault_line(System.HUBSPOT, "owners", fault, state="warning")
            return replace(line, facts={"missing_scopes": list(fault.missing)})
        except PortalError as fault:
            return fault_line(System.HUBSPOT, "owners", fault)
        return CheckLine(_HUBSPOT, "owners", "ok", "Owners can be read.")

    async def _rights(self, caller: PortalCaller) -> CheckLine:
        """Whether the token can write, by the scopes that HubSpot names for it."""
        scopes = await read_scopes(caller, self.token)
        if scopes is None:
            says = "HubSpot does not say which scopes the token has, so whether it can write is unknown."
            return CheckLine(_HUBSPOT, "writing", "not_checked", says)
        writing = [scope for scope in scopes if scope.endswith((".write", ".write.v2"))]
        facts = {"scopes": scopes, "write_scopes": writing}
        if not writing:
            held = f" ({', '.join(scopes)})" if scopes else ""
            return CheckLine(_HUBSPOT, "writing", "ok", f"The token can only read{held}.", facts=facts)
        says = f"The token can write, too ({', '.join(writing)}); the kit never does."
        return CheckLine(_HUBSPOT, "writing", "warning", says, "Use a service key with read scopes only.", facts)


def _account_line(account: Mapping[str, Any]) -> CheckLine:
    account_type, portal_id = account["accountType"], str(account["portalId"])
    kind = portal_kind(System.HUBSPOT, account_type)
    says = f"HubSpot answers: portal {portal_id}, {account_type}, {_KIND_WORDS[kind]}."
    facts = {"id": portal_id, "type": account_type, "kind": kind, "time_zone": account.get("timeZone")}
    return CheckLine(_HUBSPOT, "portal", "ok", says, facts=facts)


_KIND_WORDS: Final = {"production": "counts as production", "test": "a test portal"}
