"""Looks whether Dataverse can be pulled: the sign-in, the environment, the privileges, the rows that can be seen.

Facts
    * The 403 of a read of one row names the missing privilege; 404 is an app that is not installed (portal-apis 7.2).
    * `$count` stops at 5,000; RetrieveTotalRecordCount is up to a day old and counts what the caller cannot see (6.2).
    * RetrieveUserPrivileges lists what the caller may do and how deep: Global is the whole environment.
    * Data Sync's own user needs Read on each table, and Write where Dynamics is written to (1.9); everybody sees only
      the rows he may read (1.10).

Where it is used: `portals.check.check_portals`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx

from dynsync_lib.core.model import Object, System
from dynsync_lib.errors import AccessError, PortalError
from dynsync_lib.portals.check.lines import CheckLine, as_documented, fault_line, portal_kind
from dynsync_lib.portals.dataverse.errors import correlation_id_of_dataverse, explain_dataverse
from dynsync_lib.portals.http.caller import Manners, PortalCaller, retry_after_s
from dynsync_lib.portals.http.pace import Limiter, Pace
from dynsync_lib.portals.pull.table_puller import run_together

_BASE: Final = "/api/data/v9.2/"
_ORGANIZATION: Final = "RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default')"
_MOST_COUNTED: Final = 5_000
_WRITING: Final = ("Create", "Write", "Delete")
_ALWAYS_NEEDED: Final = frozenset({Object.CONTACT, Object.COMPANY})
_DYN: Final = System.DYNAMICS.value


@dataclass(frozen=True, slots=True)
class _Looked:
    """One table: its entity set, logical name, the name in privileges, the object it holds (None for users)."""

    plural: str
    logical: str
    right: str
    object: Object | None
    is_sales: bool = False


_TABLES: Final = (
    _Looked("accounts", "account", "Account", Object.COMPANY),
    _Looked("contacts", "contact", "Contact", Object.CONTACT),
    _Looked("leads", "lead", "Lead", Object.LEAD, is_sales=True),
    _Looked("opportunities", "opportunity", "Opportunity", Object.DEAL, is_sales=True),
    _Looked("invoices", "invoice", "Invoice", Object.INVOICE, is_sales=True),
    _Looked("systemusers", "systemuser", "User", None),
)
Privileges = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DynamicsCheck:
    """Checks one environment. `enabled` are the objects to be synced, `written` those that the sync writes to Dynamics.

    `is_person`: a person is signed in, who may be the one that Data Sync will act as.
    """

    client: httpx.AsyncClient
    enabled: Collection[Object]
    written: Collection[Object]
    is_person: bool
    pace: Pace

    async def lines(self) -> list[CheckLine]:
        """One line for each thing looked at; after a refused sign-in only that."""
        manners = Manners("Dynamics", explain_dataverse, retry_after_s, _ignore, correlation_id_of_dataverse)
        caller = PortalCaller(self.client, manners, Limiter(self.pace, allowed=100, window_s=10.0), self.pace)
        try:
            with as_documented("Dynamics"):
                user_id = str((await caller.get(f"{_BASE}WhoAmI"))["UserId"]).lower()
                environment = _environment_line(user_id, (await caller.get(f"{_BASE}{_ORGANIZATION}"))["Detail"])
        except PortalError as fault:
            return [fault_line(System.DYNAMICS, "environment", fault)]
        privileges = await _read_privileges(caller, user_id)
        totals = await _read_totals(caller)
        tables = await run_together(*(self._table(caller, one, totals, privileges) for one in _TABLES))
        return [
            environment,
            *tables,
            _writing_line(privileges),
            self._sync_user_line(privileges),
        ]

    async def _table(
        self, caller: PortalCaller, table: _Looked, totals: Mapping[str, int], privileges: Privileges | None
    ) -> CheckLine:
        address = f"{_BASE}{table.plural}?$select={table.logical}id&$top=1&$count=true"
        try:
            with as_documented("Dynamics"):
                visible = int((await caller.get(address))["@odata.count"])
        except AccessError as fault:
            return self._refused(table, fault)
        except PortalError as fault:
            return fault_line(System.DYNAMICS, table.plural, fault)
        depth = None if privileges is None else privileges.get(f"prvRead{table.right}", "None")
        return _rows_line(table, visible, totals.get(table.logical), depth)

    def _refused(self, table: _Looked, fault: AccessError) -> CheckLine:
        is_needed = table.object in self.enabled or table.object in _ALWAYS_NEEDED
        line = fault_line(System.DYNAMICS, table.plural, fault, state="fault" if is_needed else "warning")
        says, next_step = line.says, line.next_step
        if table.is_sales and not fault.missing and "has no" in says:
            says = f"The environment has no {table.plural}: the Sales app is not installed."
            next_step = "Install Dynamics 365 Sales, or leave the object off in the settings."
        if not is_needed:
            says = f"{says} The settings do not sync them, so they may stay unread."
        facts = {**line.facts, "missing_privileges": list(fault.missing)}
        return CheckLine(_DYN, table.plural, line.state, says, next_step, facts)

    def _sync_user_line(self, privileges: Privileges | None) -> CheckLine:
        """Whether who is signed in could be the sync's own user."""
        if not self.is_person or privileges is None:
            says = "Data Sync signs in as a user of its own, who sees and may write what his roles say."
            step = 'Check again with sign_in = "browser" as that user, and pull as him: other users see other rows.'
            return CheckLine(_DYN, "sync user", "not_checked", says, step)
        needed = [f"prvRead{one.right}" for one in _TABLES if one.object in self.enabled]
        needed += [f"prv{right}{t.right}" for t in _TABLES if t.object in self.written for right in ("Create", "Write")]
        missing = [name for name in needed if name not in privileges]
        facts = {"needed": needed, "missing_privileges": missing}
        if missing:
            says = f"If this is the user of Data Sync, its writes will fail: it lacks {', '.join(missing)}."
            return CheckLine(_DYN, "sync user", "warning", says, "Add them to a security role of the user.", facts)
        return CheckLine(_DYN, "sync user", "ok", "This user has the privileges that Data Sync needs.", facts=facts)


async def _read_totals(caller: PortalCaller) -> dict[str, int]:
    """The rows of each table by logical name, as counted within the last day; those of which nobody says are left out.

    One table that the environment lacks spoils the answer for all, so then each is asked for alone.
    """
    names = [table.logical for table in _TABLES]
    if told := await _count_rows(caller, names):
        return told
    alone = await run_together(*(_count_rows(caller, [name]) for name in names))
    return {name: count for counts in alone for name, count in counts.items()}


async def _count_rows(caller: PortalCaller, names: Sequence[str]) -> dict[str, int]:
    asked = quote(json.dumps(names, separators=(",", ":")), safe="[],")
    try:
        answer = await caller.get(f"{_BASE}RetrieveTotalRecordCount(EntityNames=@p1)?@p1={asked}")
        told = answer["EntityRecordCountCollection"]
        return {str(name): int(count) for name, count in zip(told["Keys"], told["Values"], strict=True)}
    except (PortalError, KeyError, TypeError, ValueError):
        return {}


async def _read_privileges(caller: PortalCaller, user_id: str) -> dict[str, str] | None:
    """The depth of each privilege the caller has, by name; None when Dataverse does not say."""
    address = f"{_BASE}systemusers({user_id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()"
    try:
        rows: Sequence[Mapping[str, Any]] = (await caller.get(address))["RolePrivileges"]
        return {str(row["PrivilegeName"]): str(row["Depth"]) for row in rows}
    except (PortalError, KeyError, TypeError):
        return None


def _environment_line(user_id: str, organization: Mapping[str, Any]) -> CheckLine:
    told = organization["OrganizationType"]
    kind = portal_kind(System.DYNAMICS, told)
    words = {"production": "counts as production", "test": "a test environment"}[kind]
    name = organization.get("FriendlyName") or organization.get("UniqueName")
    says = f"Dynamics answers: environment {name}, {told}, {words}."
    facts = {"id": str(organization["OrganizationId"]).lower(), "type": told, "kind": kind}
    facts |= {"version": organization.get("OrganizationVersion"), "user_id": user_id}
    return CheckLine(_DYN, "environment", "ok", says, facts=facts)


def _rows_line(table: _Looked, visible: int, total: int | None, depth: str | None) -> CheckLine:
    is_capped = visible >= _MOST_COUNTED
    facts = {"visible": visible, "visible_is_capped": is_capped, "total": total, "depth": depth}
    seen = f"{'at least ' if is_capped else ''}{visible:,}"
    of_all = f" of {total:,}" if total is not None else ""
    says = f"{_title(table)} can be read: {seen}{of_all}{_DEPTHS.get(depth or '', '')}."
    if total is None or (is_capped and depth is None):
        step = (
            "Dataverse does not say how many rows there are." if total is None else "Whether all are seen is unknown."
        )
        return CheckLine(_DYN, table.plural, "not_checked", says, step, facts)
    is_blind = not is_capped and visible < total
    if is_blind or depth not in {None, "Global"}:
        step = "Give the role organisation-wide Read, or pull as the user of Data Sync: a forecast sees what he sees."
        return CheckLine(_DYN, table.plural, "warning", says, step, facts)
    return CheckLine(_DYN, table.plural, "ok", says, facts=facts)


def _title(table: _Looked) -> str:
    return "Users" if table.object is None else table.plural.title()


_DEPTHS: Final = {
    "Global": ", in the whole environment",
    "Deep": ", in the caller's business unit and those below",
    "Local": ", in the caller's business unit only",
    "Basic": ", the caller's own only",
    "RecordFilter": ", through a record filter only",
}


def _writing_line(privileges: Privileges | None) -> CheckLine:
    if privileges is None:
        says = "Dynamics does not list the caller's privileges, so whether it can write is unknown."
        return CheckLine(_DYN, "writing", "not_checked", says)
    names = [f"prv{right}{table.right}" for table in _TABLES for right in _WRITING]
    held = [name for name in names if name in privileges]
    facts = {"write_privileges": held}
    if not held:
        return CheckLine(_DYN, "writing", "ok", "The caller can only read.", facts=facts)
    says = f"The caller can write, too ({', '.join(held)}); the kit never does."
    return CheckLine(_DYN, "writing", "warning", says, "Use a security role that only reads.", facts)


def _ignore(response: httpx.Response) -> None:
    del response
