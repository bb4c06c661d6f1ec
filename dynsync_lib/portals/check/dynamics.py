"""Checks whether Dataverse can be pulled: the environment, the privileges, how many rows can be read.

Facts
    * The 403 that answers a read of one row names the missing privilege; a 404 means that the app is not installed
      (portal-apis 7.2).
    * `$count` stops at 5,000; RetrieveTotalRecordCount is up to a day old and counts rows that the caller cannot see
      (6.2).
    * RetrieveUserPrivileges lists what the caller may do and how deep: Global is the whole environment.
    * The user of Data Sync needs Read on each table, and Write where Dynamics is written to (1.9); every user sees only
      the rows that he may read (1.10).

Where it is used: `portals.check.check_portals`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import Right, privilege, rights_to_write
from dynsync_lib.errors import AccessError, PortalError
from dynsync_lib.portals.check.lines import CheckLine, as_documented, fault_line, portal_kind
from dynsync_lib.portals.dataverse.errors import dataverse_manners
from dynsync_lib.portals.dataverse.reader import BASE_PATH, ORGANIZATION, count_path, read_privileges
from dynsync_lib.portals.http.caller import PortalCaller
from dynsync_lib.portals.http.pace import Limiter, Pace
from dynsync_lib.portals.pull.table_puller import REQUIRED, run_together

_MOST_COUNTED: Final = 5_000
_WRITING: Final[tuple[Right, ...]] = ("Create", "Write", "Delete")
_DYNAMICS: Final = System.DYNAMICS.value


@dataclass(frozen=True, slots=True)
class _CheckedTable:
    """A table: its entity set, its logical name, the object it holds.

    `object` is None for users; `is_sales`: the table comes with the Sales app.
    """

    plural: str
    logical: str
    object: Object | None
    is_sales: bool = False

    def privilege(self, right: Right) -> str:
        """Dataverse's name of a right on the table, such as `prvReadAccount`."""
        return f"prv{right}User" if self.object is None else privilege(right, self.object)


_TABLES: Final = (
    _CheckedTable("accounts", "account", Object.COMPANY),
    _CheckedTable("contacts", "contact", Object.CONTACT),
    _CheckedTable("leads", "lead", Object.LEAD, is_sales=True),
    _CheckedTable("opportunities", "opportunity", Object.DEAL, is_sales=True),
    _CheckedTable("invoices", "invoice", Object.INVOICE, is_sales=True),
    _CheckedTable("systemusers", "systemuser", None),
)
Privileges = Mapping[str, str]
"""The depth of each privilege by its name."""


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
        """One line for each thing that was checked, the environment first; only that line when it refuses.

        Raises SafetyError for a request that is not allowed.
        """
        limiter = Limiter(self.pace, allowed=100, window_s=10.0)
        caller = PortalCaller(self.client, dataverse_manners(), limiter, self.pace)
        try:
            with as_documented("Dynamics"):
                user_id = str((await caller.get(f"{BASE_PATH}WhoAmI"))["UserId"]).lower()
                environment = _environment_line(user_id, (await caller.get(f"{BASE_PATH}{ORGANIZATION}"))["Detail"])
        except PortalError as fault:
            return [fault_line(System.DYNAMICS, "environment", fault)]
        privileges = await read_privileges(caller, user_id)
        totals = await _read_totals(caller)
        tables = await run_together(*(self._table(caller, table, totals, privileges) for table in _TABLES))
        return [
            environment,
            *tables,
            _writing_line(privileges),
            self._sync_user_line(privileges),
        ]

    async def _table(
        self, caller: PortalCaller, table: _CheckedTable, totals: Mapping[str, int], privileges: Privileges | None
    ) -> CheckLine:
        address = f"{BASE_PATH}{table.plural}?$select={table.logical}id&$top=1&$count=true"
        try:
            with as_documented("Dynamics"):
                visible = int((await caller.get(address))["@odata.count"])
        except AccessError as fault:
            return self._refused(table, fault)
        except PortalError as fault:
            return fault_line(System.DYNAMICS, table.plural, fault)
        depth = None if privileges is None else privileges.get(table.privilege("Read"), "None")
        return _rows_line(table, visible, totals.get(table.logical), depth)

    def _refused(self, table: _CheckedTable, fault: AccessError) -> CheckLine:
        is_needed = table.object in self.enabled or table.object in REQUIRED
        line = fault_line(System.DYNAMICS, table.plural, fault, state="fault" if is_needed else "warning")
        says, next_step = line.says, line.next_step
        if table.is_sales and not fault.missing and "has no" in says:
            says = f"The environment has no {table.plural}: the Sales app is not installed."
            next_step = "Install Dynamics 365 Sales, or leave the object off in the settings."
        if not is_needed:
            says = f"{says} The settings do not sync them, so they may stay unread."
        facts = {**line.facts, "missing_privileges": list(fault.missing)}
        return replace(line, says=says, next_step=next_step, facts=facts)

    def _sync_user_line(self, privileges: Privileges | None) -> CheckLine:
        """Whether the person who is signed in could be the user of Data Sync."""
        if not self.is_person or privileges is None:
            says = "Data Sync signs in as a user of its own, who sees and may write what his roles say."
            step = 'Check again with sign_in = "browser" as that user, and pull as him: other users see other rows.'
            return CheckLine(_DYNAMICS, "sync user", "not_checked", says, step)
        synced = [table.object for table in _TABLES if table.object is not None]
        needed = [privilege("Read", object_) for object_ in synced if object_ in self.enabled]
        needed += [name for object_ in synced if object_ in self.written for name in rights_to_write(object_)]
        missing = [name for name in needed if name not in privileges]
        facts = {"needed": needed, "missing_privileges": missing}
        if missing:
            says = f"If this is the user of Data Sync, its writes will fail: it lacks {', '.join(missing)}."
            return CheckLine(_DYNAMICS, "sync user", "warning", says, "Add them to a security role of the user.", facts)
        return CheckLine(
            _DYNAMICS, "sync user", "ok", "This user has the privileges that Data Sync needs.", facts=facts
        )


async def _read_totals(caller: PortalCaller) -> dict[str, int]:
    """How many rows each table has, by logical name, as counted within the last day; uncounted tables are missing.

    When the environment lacks one table the whole request fails; then each table is asked for alone.
    """
    names = [table.logical for table in _TABLES]
    if counts := await _count_rows(caller, names):
        return counts
    alone = await run_together(*(_count_rows(caller, [name]) for name in names))
    return {name: count for table in alone for name, count in table.items()}


async def _count_rows(caller: PortalCaller, names: Sequence[str]) -> dict[str, int]:
    try:
        answer = await caller.get(count_path(names))
        counts = answer["EntityRecordCountCollection"]
        return {str(name): int(count) for name, count in zip(counts["Keys"], counts["Values"], strict=True)}
    except (PortalError, KeyError, TypeError, ValueError):
        return {}


def _environment_line(user_id: str, organization: Mapping[str, Any]) -> CheckLine:
    type_ = organization["OrganizationType"]
    kind = portal_kind(System.DYNAMICS, type_)
    words = {"production": "counts as production", "test": "a test environment"}[kind]
    name = organization.get("FriendlyName") or organization.get("UniqueName")
    says = f"Dynamics answers: environment {name}, {type_}, {words}."
    facts = {"id": str(organization["OrganizationId"]).lower(), "type": type_, "kind": kind}
    facts |= {"version": organization.get("OrganizationVersion"), "user_id": user_id}
    return CheckLine(_DYNAMICS, "environment", "ok", says, facts=facts)


def _rows_line(table: _CheckedTable, visible: int, total: int | None, depth: str | None) -> CheckLine:
    is_capped = visible >= _MOST_COUNTED
    facts = {"visible": visible, "visible_is_capped": is_capped, "total": total, "depth": depth}
    seen = f"{'at least ' if is_capped else ''}{visible:,}"
    of_all = f" of {total:,}" if total is not None else ""
    says = f"{_title(table)} can be read: {seen}{of_all}{_DEPTHS.get(depth or '', '')}."
    if total is None or (is_capped and depth is None):
        step = (
            "Dataverse does not say how many rows there are." if total is None else "Whether all are seen is unknown."
        )
        return CheckLine(_DYNAMICS, table.plural, "not_checked", says, step, facts)
    is_blind = not is_capped and visible < total
    if is_blind or depth not in {None, "Global"}:
        step = "Give the role organisation-wide Read, or pull as the user of Data Sync: a forecast sees what he sees."
        return CheckLine(_DYNAMICS, table.plural, "warning", says, step, facts)
    return CheckLine(_DYNAMICS, table.plural, "ok", says, facts=facts)


def _title(table: _CheckedTable) -> str:
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
        return CheckLine(_DYNAMICS, "writing", "not_checked", says)
    names = [table.privilege(right) for table in _TABLES for right in _WRITING]
    held = [name for name in names if name in privileges]
    facts = {"write_privileges": held}
    if not held:
        return CheckLine(_DYNAMICS, "writing", "ok", "The caller can only read.", facts=facts)
    says = f"The caller can write, too ({', '.join(held)}); the kit never does."
    return CheckLine(_DYNAMICS, "writing", "warning", says, "Use a security role that only reads.", facts)
