"""The tables behind a worklist, in a database: the forecast's, and what the snapshot knows of its records.

Facts
    * DuckDB reads the files where they are; nothing grows with the portal but what it spills to disk.
    * `records` has one row a record of either system: its match key and, where the snapshot knows it (`is_known`), its
      name and its owner. `behind` has one row a record that has open deals or invoices: how many, worth how much.
      Without a snapshot nothing is known: records have their keys alone, and nothing is behind them.
    * A join of millions of rows is in memory with its texts, so a sheet joins `records` twice and outcomes never.
    * A deal of Dynamics is open while its statecode is 0, a deal of HubSpot while neither `hs_is_closed` nor one of
      HubSpot's own closed stages says otherwise. It stands behind its contact and its company, and so may count twice.
    * Amounts are added as decimals, so that the order of rows does not matter.

Not modelled
    * Exchange rates: amounts of several currencies are not added. Where none was delivered, all are taken as one.

Where it is used: `worklist.rows`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynsync_lib.core.advice.missing_options import MISSING_OPTIONS
from dynsync_lib.core.tables import FORECAST_TABLES, Table
from dynsync_lib.engine.literal_paths import literal_path
from dynsync_lib.folders.temporary_folder import temporary_folder
from dynsync_lib.forecasts.finding_rows_file import FINDING_ROWS
from dynsync_lib.forecasts.fix_sets import FIX_RANKS
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.snapshot.snapshot import Snapshot
from dynsync_lib.worklist.queries import ROW

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEMORY: Final = "2GB"
_NOTHING: Final = "(SELECT 1) WHERE false"
_SQL_TYPES: Final = {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "flag": "BOOLEAN"}
_DEALS: Final[Mapping[str, tuple[str, str]]] = {
    "dynamics": ("dynamics/opportunities", "statecode"),
    "hubspot": ("hubspot/deals", "dealstage"),
}
"""By system the table of deals, and the column without which nobody knows which of them are open."""
_INVOICES: Final = {
    "dynamics": ("dynamics/invoices", "totalamount"),
    "hubspot": ("hubspot/invoices", "hs_amount_billed"),
}


@dataclass(frozen=True, slots=True)
class WorklistTables:
    """The database with its tables. `has_records`: a snapshot was found; `knows_deals` and `knows_invoices` are the
    systems whose open deals, and whose invoices, are known; `has_finding_rows`: the records behind findings are;
    `has_ranks`: what to fix first was worked out.
    """

    connection: DuckDBPyConnection
    has_records: bool
    has_finding_rows: bool
    knows_deals: frozenset[str]
    knows_invoices: frozenset[str]
    has_ranks: bool = False


@contextmanager
def open_worklist_tables(
    forecast: Forecast,
    snapshot: Snapshot | None,
    finding_rows: Path | None = None,
    missing_options: Path | None = None,
    *,
    fix_ranks: Path | None = None,
) -> Iterator[WorklistTables]:
    """The tables of the forecast by name, `records`, `people` (who may own a record), `behind`, and `finding_rows` and
    `missing_options`, out of files of `forecasts.finding_rows_file`, and `fix_ranks`, out of one of
    `forecasts.fix_sets`; without one they are empty.
    """
    from dynsync_lib.engine.duckdb_connection import open_duckdb  # a tenth of a second, which no other command pays

    with temporary_folder() as spill, open_duckdb(_MEMORY, spill, keeps_order=False) as connection:
        for table in FORECAST_TABLES.values():
            _view_table(connection, table, forecast.table_path(table.name))
        _view_table(connection, FINDING_ROWS, finding_rows)
        _view_table(connection, MISSING_OPTIONS, missing_options)
        _view_table(connection, FIX_RANKS, fix_ranks)
        for name, columns in _READ.items():
            _view_records(connection, snapshot, name, columns)
        connection.execute(ROW)
        connection.execute(_RECORDS)
        connection.execute(_BEHIND)
        yield WorklistTables(
            connection,
            snapshot is not None,
            finding_rows is not None,
            frozenset(system for system, needed in _DEALS.items() if _is_delivered(snapshot, *needed)),
            frozenset(system for system, needed in _INVOICES.items() if _is_delivered(snapshot, *needed)),
            fix_ranks is not None,
        )


def _is_delivered(snapshot: Snapshot | None, table: str, column: str) -> bool:
    return snapshot is not None and snapshot.is_provided(table) and column in snapshot.columns(table)


def _view_table(connection: DuckDBPyConnection, table: Table, path: Path | None) -> None:
    """A view with all columns of the table; those that an earlier version did not write are null. Empty without one."""
    file = _NOTHING if path is None else _file(literal_path(path))
    here = set() if path is None else _columns_of(connection, file)
    shown = ", ".join(
        f"{column.name if column.name in here else 'NULL'}::{_SQL_TYPES[column.type]} AS {column.name}"
        for column in table.columns
    )
    connection.execute(f"CREATE VIEW {table.name} AS SELECT {shown} FROM {file}")  # noqa: S608 - own names


def _view_records(connection: DuckDBPyConnection, snapshot: Snapshot | None, name: str, columns: Sequence[str]) -> None:
    """A view such as `dynamics_contacts` with the columns named; those that were not delivered are null."""
    here = set() if snapshot is None else set(snapshot.columns(name))
    shown = ", ".join(f"{column if column in here else 'NULL'}::VARCHAR AS {column}" for column in columns)
    source = _NOTHING if snapshot is None else _file(literal_path(snapshot.table_path(name)))
    connection.execute(f"CREATE VIEW {name.replace('/', '_')} AS SELECT {shown} FROM {source}")  # noqa: S608 - own names


def _file(path: str) -> str:
    return "read_parquet('{}')".format(path.replace("'", "''"))


def _columns_of(connection: DuckDBPyConnection, file: str) -> set[str]:
    return {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {file}").fetchall()}  # noqa: S608 - a path


_READ: Final[Mapping[str, tuple[str, ...]]] = {
    "dynamics/contacts": ("id", "fullname", "firstname", "lastname", "_ownerid_value"),
    "dynamics/accounts": ("id", "name", "_ownerid_value"),
    "dynamics/leads": ("id", "fullname", "firstname", "lastname", "_ownerid_value"),
    "dynamics/opportunities": (
        "id", "name", "_ownerid_value", "statecode", "estimatedvalue", "_transactioncurrencyid_value",
        "_parentcontactid_value", "_parentaccountid_value", "_customerid_value", "_customerid_type",
    ),
    "dynamics/invoices": (
        "id", "name", "invoicenumber", "_ownerid_value", "totalamount", "_transactioncurrencyid_value",
        "_customerid_value", "_customerid_type",
    ),
    "dynamics/users": ("id", "fullname"),
    "hubspot/contacts": ("id", "email", "firstname", "lastname", "hubspot_owner_id"),
    "hubspot/companies": ("id", "name", "hubspot_owner_id"),
    "hubspot/deals": (
        "id", "dealname", "hubspot_owner_id", "dealstage", "hs_is_closed", "amount", "deal_currency_code",
    ),
    "hubspot/invoices": ("id", "hs_title", "hs_number", "hs_amount_billed", "hs_currency"),
    "hubspot/owners": ("id", "firstName", "lastName"),
    "hubspot/links": ("from_object", "from_id", "to_object", "to_id"),
}  # fmt: skip
"""What is read of the snapshot, by table."""
_RECORDS: Final = """
    CREATE VIEW people AS
        SELECT 'dynamics' AS system, id, nullif(trim(fullname), '') AS name FROM dynamics_users
        UNION ALL SELECT 'hubspot', id, nullif(trim(concat_ws(' ', "firstName", "lastName")), '') FROM hubspot_owners;
    CREATE VIEW named AS
        SELECT 'dynamics' AS system, 'contact' AS object, id, _ownerid_value AS owner_id,
            coalesce(nullif(trim(fullname), ''), nullif(trim(concat_ws(' ', firstname, lastname)), '')) AS name
        FROM dynamics_contacts
        UNION ALL SELECT 'dynamics', 'lead', id, _ownerid_value,
            coalesce(nullif(trim(fullname), ''), nullif(trim(concat_ws(' ', firstname, lastname)), ''))
        FROM dynamics_leads
        UNION ALL SELECT 'dynamics', 'company', id, _ownerid_value, nullif(trim(name), '') FROM dynamics_accounts
        UNION ALL SELECT 'dynamics', 'deal', id, _ownerid_value, nullif(trim(name), '') FROM dynamics_opportunities
        UNION ALL SELECT 'dynamics', 'invoice', id, _ownerid_value,
            coalesce(nullif(trim(invoicenumber), ''), nullif(trim(name), '')) FROM dynamics_invoices
        UNION ALL SELECT 'hubspot', 'contact', id, hubspot_owner_id,
            nullif(trim(concat_ws(' ', firstname, lastname)), '') FROM hubspot_contacts
        UNION ALL SELECT 'hubspot', 'company', id, hubspot_owner_id, nullif(trim(name), '') FROM hubspot_companies
        UNION ALL SELECT 'hubspot', 'deal', id, hubspot_owner_id, nullif(trim(dealname), '') FROM hubspot_deals
        UNION ALL SELECT 'hubspot', 'invoice', id, NULL,
            coalesce(nullif(trim(hs_number), ''), nullif(trim(hs_title), '')) FROM hubspot_invoices;
    CREATE TABLE records AS
        SELECT coalesce(n.system, o.system) AS system, coalesce(n.object, o.object) AS object,
            coalesce(n.id, o.record_id) AS id, n.id IS NOT NULL AS is_known, n.name, n.owner_id, o.match_key
        FROM named n FULL JOIN outcomes o ON o.system = n.system AND o.object = n.object AND o.record_id = n.id;
"""
_BEHIND: Final = """
    CREATE TABLE behind AS
    WITH open_opportunities AS (
        SELECT *, try_cast(estimatedvalue AS DECIMAL(28, 4)) AS amount FROM dynamics_opportunities WHERE statecode = '0'
    ), open_deals AS (
        SELECT id, deal_currency_code, try_cast(amount AS DECIMAL(28, 4)) AS amount FROM hubspot_deals
        WHERE coalesce(trim(dealstage), '') NOT IN ('closedwon', 'closedlost')
            AND coalesce(lower(trim(hs_is_closed)), '') NOT IN ('true', '1')
    ), deals AS (
        SELECT 'dynamics' AS system, 'deal' AS object, id, amount, _transactioncurrencyid_value AS currency
        FROM open_opportunities
        UNION ALL SELECT 'dynamics', 'contact',
            coalesce(_parentcontactid_value, if(_customerid_type = 'contact', _customerid_value, NULL)),
            amount, _transactioncurrencyid_value FROM open_opportunities
        UNION ALL SELECT 'dynamics', 'company',
            coalesce(_parentaccountid_value, if(_customerid_type = 'account', _customerid_value, NULL)),
            amount, _transactioncurrencyid_value FROM open_opportunities
        UNION ALL SELECT 'hubspot', 'deal', id, amount, deal_currency_code FROM open_deals
        UNION ALL SELECT DISTINCT ON (from_id, to_object, to_id) 'hubspot', to_object, to_id, amount, deal_currency_code
        FROM open_deals JOIN hubspot_links ON from_object = 'deal' AND from_id = id
    ), invoices AS (
        SELECT 'dynamics' AS system, 'invoice' AS object, id, try_cast(totalamount AS DECIMAL(28, 4)) AS amount,
            _transactioncurrencyid_value AS currency FROM dynamics_invoices
        UNION ALL SELECT 'dynamics', if(_customerid_type = 'account', 'company', _customerid_type), _customerid_value,
            try_cast(totalamount AS DECIMAL(28, 4)), _transactioncurrencyid_value FROM dynamics_invoices
        UNION ALL SELECT 'hubspot', 'invoice', id, try_cast(hs_amount_billed AS DECIMAL(28, 4)), hs_currency
        FROM hubspot_invoices
        UNION ALL SELECT DISTINCT ON (from_id, to_object, to_id) 'hubspot', to_object, to_id,
            try_cast(hs_amount_billed AS DECIMAL(28, 4)), hs_currency
        FROM hubspot_invoices JOIN hubspot_links ON from_object = 'invoice' AND from_id = id
    )
    SELECT system, object, id,
        count(*) FILTER (is_deal) AS open_deals,
        sum(amount) FILTER (is_deal) AS open_value,
        count(*) FILTER (is_deal AND amount IS NULL) AS deals_without_amount,
        count(DISTINCT currency) FILTER (is_deal) AS deal_currencies,
        sum(amount) FILTER (NOT is_deal) AS invoiced,
        count(DISTINCT currency) FILTER (NOT is_deal) AS invoice_currencies
    FROM (SELECT *, true AS is_deal FROM deals UNION ALL SELECT *, false FROM invoices)
    WHERE id IS NOT NULL GROUP BY system, object, id;
"""
