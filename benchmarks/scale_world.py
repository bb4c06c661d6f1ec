"""A snapshot of any size in seconds: both portals made by DuckDB from nothing but numbers, always the same.

Facts
    * `size` is the number of contacts on each side; companies are a tenth of it, associations a little more than it.
    * Six in ten HubSpot contacts are known to Dynamics; four in a hundred Dynamics contacts share an earlier address,
      one in a hundred HubSpot contacts holds a Dynamics address as its additional one, two in a hundred have none.
    * Nine in ten companies are known to both by name; one in a hundred differs in its legal form.
    * Chance is DuckDB's hash of a row's number and a seed: the same world again with the same DuckDB.
    * Keys are written in SQL, and the first rows of every table are held against `core.keys`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dynsync_lib import kit
from dynsync_lib.core.tables import KEY_SOURCE, RECORD_TABLES
from dynsync_lib.portals.metadata_rows import stored_rows
from dynsync_lib.snapshot.snapshot import FIXED_TABLES, sha256_of
from dynsync_lib.snapshot.writer import SnapshotWriter, untrimmed_columns

TAKEN_AT: Final = datetime(2026, 11, 23, tzinfo=UTC)
SETTINGS: Final = """
[sync.company]
[sync.contact]
filter_to_hubspot = "statecode = 0"
filter_to_dynamics = "lifecyclestage in ('customer', 'opportunity')"
"""
_CHECKED_ROWS: Final = 2_000

MACROS: Final = """
create macro chance(i, seed) as hash(i * 64 + seed) / 18446744073709551616.0;
create macro one_of(i, seed, words) as words[1 + (chance(i, seed) * len(words))::integer % len(words)];
create macro guid(i) as '00000000-0000-4000-8000-' || lpad(lower(to_hex(i)), 12, '0');
create macro guid_key(i) as lpad(lower(to_hex(i)), 12, '0') || '80000040000000000000';
create macro day(i, seed) as lpad(((chance(i, seed) * 28)::integer % 28 + 1)::varchar, 2, '0');
create macro address(person) as 'person' || person || '@firm' || person % 5000 || '.example';
create macro cities() as ['Hamburg', 'Graz', 'Lyon', 'Porto', 'Brno', 'Leeds'];
create macro jobs() as ['Buyer', 'Engineer', null];
"""
_TABLES: Final = {
    "hubspot/contacts": """
        with people as (
            select i, if(chance(i, 1) < 0.6, i, i + $size) as person, chance(i, 2) < 0.02 as is_blank,
                if(chance(i, 3) < 0.01, address(i), null) as old
            from range($size) numbers(i)
        )
        select (i + 1)::varchar as id, i as api_rank,
            if(is_blank, null, address(person)) as email_key, if(is_blank, null, address(person)) as email_key_exact,
            if(is_blank, null, true) as email_valid,
            if(old is null, []::varchar[], [old]) as secondary_email_keys,
            if(old is null, []::varchar[], [old]) as secondary_email_keys_exact,
            (i + 1)::varchar as hs_object_id, if(is_blank, null, address(person)) as email, old as hs_additional_emails,
            'First' || person % 700 as firstname, 'Last' || person % 3000 as lastname,
            one_of(i, 4, jobs()) as jobtitle, '+49 30 555' || lpad((person % 10000)::varchar, 4, '0') as phone,
            one_of(i, 5, cities()) as city, one_of(i, 6, ['customer', 'opportunity', 'subscriber']) as lifecyclestage,
            '2026-01-' || day(i, 7) || 'T10:00:00.000Z' as lastmodifieddate
        from people""",
    "dynamics/contacts": """
        with people as (select i, if(chance(i, 8) < 0.96, i, i // 2) as person from range($size) numbers(i))
        select guid(i) as id, i as api_rank, guid_key(i) as guid_sql_key,
            address(person) as email_key, 'P' || address(person)[2:] as email_key_exact, true as email_valid,
            guid(i) as contactid, 'P' || address(person)[2:] as emailaddress1,
            'First' || person % 700 as firstname, 'Last' || person % 3000 as lastname,
            one_of(i, 9, jobs()) as jobtitle, '+49-30-555' || lpad((person % 10000)::varchar, 4, '0') as telephone1,
            one_of(i, 10, cities()) as address1_city, if(chance(i, 11) < 0.05, '1', '0') as statecode,
            '2026-01-' || day(i, 12) || 'T10:00:00Z' as modifiedon,
            guid(i % greatest($size // 10, 1)) as _parentcustomerid_value, 'account' as _parentcustomerid_type
        from people""",
    "hubspot/companies": """
        with firms as (select i, 'Firm ' || i || ' GmbH' as name from range(greatest($size // 10, 1)) numbers(i))
        select (i + 1)::varchar as id, i as api_rank, lower(name) as name_key, lower(name) as name_key_accentless,
            name as name_key_trim, name as name_key_exact, null::varchar as domain_key,
            (i + 1)::varchar as hs_object_id, name,
            one_of(i, 13, cities()) as city
        from firms""",
    "dynamics/accounts": """
        with firms as (
            select i, 'Firm ' || if(i % 10 = 0 and i % 100 > 0, i + $size, i) || if(i % 100 = 0, ' AG', ' GmbH') as name
            from range(greatest($size // 10, 1)) numbers(i)
        )
        select guid(i) as id, i as api_rank, guid_key(i) as guid_sql_key, lower(name) as name_key,
            lower(name) as name_key_accentless, name as name_key_trim, name as name_key_exact,
            null::varchar as domain_key, guid(i) as accountid, name,
            one_of(i, 13, cities()) as address1_city, '0' as statecode
        from firms""",
    "hubspot/links": """
        select 'contact' as from_object, (i + 1)::varchar as from_id, 'company' as to_object,
            ((i + step) % greatest($size // 10, 1) + 1)::varchar as to_id, null::varchar as label,
            step = 0 as is_primary
        from range($size) numbers(i), (values (0), (1)) steps(step)
        where chance(i, 14 + step) < if(step = 0, 0.9, 0.1)""",
}


def make_snapshot(folder: Path, size: int) -> None:
    """A snapshot of that size in a folder that is not there."""
    schema = kit.rulebook().standard_schema
    with SnapshotWriter(folder, source="files", started_at=TAKEN_AT) as writer:
        for name, rows in (("hubspot/properties", schema["properties"]), ("dynamics/columns", schema["columns"])):
            writer.write(name, stored_rows([dict(row) for row in rows], FIXED_TABLES[name]), provided=False)
        writer.finish(finished_at=TAKEN_AT, facts={})
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        for name, query in _TABLES.items():
            manifest["tables"][name] |= _write(connection, query, folder / f"{name}.parquet", size)
            _check_keys(connection, name, folder / f"{name}.parquet")
    file.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _write(connection: duckdb.DuckDBPyConnection, query: str, path: Path, size: int) -> dict[str, Any]:
    """Writes one table; what the manifest says of it comes out."""
    sized = query.replace("$size", str(size))
    connection.execute(f"copy ({sized}) to '{path}' (format parquet, compression zstd)")
    return {**facts_of(connection, path), "provided": True}


def facts_of(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, Any]:
    """What a manifest says of a table: rows, columns, hash, and which columns have outer white space."""
    written = connection.read_parquet(str(path))
    rows = int(written.aggregate("count(*)").fetchall()[0][0])
    with pq.ParquetFile(path) as file:
        untrimmed = set().union(*(untrimmed_columns(pa.Table.from_batches([batch])) for batch in file.iter_batches()))
    return {"rows": rows, "columns": written.columns, "sha256": sha256_of(path), "untrimmed": sorted(untrimmed)}


def _check_keys(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Fails when a key in SQL is not the one that Python makes at ingest."""
    if name not in KEY_SOURCE:
        return
    table, maker = RECORD_TABLES[name], kit.key_maker()
    for row in connection.read_parquet(str(path)).limit(_CHECKED_ROWS).to_arrow_table().to_pylist():
        for column, value in maker.finish(table, row).items():
            assert row[column] == value, (name, column, row[column], value)
