"""The snapshot of a scale world after its initial sync: what a forecast says, done to both portals by DuckDB.

Facts
    * Every change that lands is written, every record that is to be created is created, every association that is to
      be carried over is there. What was written bears the moment of the sync; of what nobody wrote no moment moved.
    * So nearly every prediction holds. What people change in a day is little; here it is nothing.

Where it is used: `verify.py`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
from scale_world import MACROS, facts_of

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import RecordTable, record_table

_DAY_AFTER: Final = "2026-11-24T00:00:00Z"
_SYNCED_AT: Final = "2026-11-23T12:00:00.000Z"
_NOT_LANDING: Final = "('value_skipped', 'owner_unresolved', 'lifecycle_ignored')"
_OBJECTS: Final = (Object.COMPANY, Object.CONTACT)
_NEW_IDS: Final = {System.HUBSPOT: "(9000000000 + place)::varchar", System.DYNAMICS: "guid(9000000000 + place)"}
_KEYS: Final = {
    "email_key": "lower({email})",
    "email_key_exact": "{email}",
    "email_valid": "{email} is not null",
    "name_key": "lower({name})",
    "name_key_accentless": "lower({name})",
    "name_key_trim": "{name}",
    "name_key_exact": "{name}",
}
"""The finished keys of what was written; the world has plain addresses and names."""


def make_synced(before: Path, forecast: Path, after: Path) -> None:
    """The snapshot of a day later, in a folder that is not there."""
    shutil.copytree(before, after)
    manifest = json.loads((after / "manifest.json").read_text(encoding="utf-8"))
    manifest |= {"started_at": _DAY_AFTER, "finished_at": _DAY_AFTER}
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        for name in ("changes", "outcomes", "links", "mapping"):
            connection.execute(f"create view {name} as from '{forecast}/{name}.parquet'")
        for object_ in _OBJECTS:
            for system in System:
                _make_created(connection, record_table(object_, system), object_)
        for object_ in _OBJECTS:
            for system in System:
                table = record_table(object_, system)
                path = after / f"{table.name}.parquet"
                query = _synced(connection, before, table, object_)
                connection.execute(f"copy ({query}) to '{path}' (format parquet, compression zstd)")
                manifest["tables"][table.name] |= facts_of(connection, path)
        path = after / "hubspot/links.parquet"
        connection.execute(f"copy ({_associations(before)}) to '{path}' (format parquet, compression zstd)")
        manifest["tables"]["hubspot/links"] |= facts_of(connection, path)
    (after / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _make_created(connection: duckdb.DuckDBPyConnection, table: RecordTable, object_: Object) -> None:
    """A view of the records that the sync makes in a table: source_id, id."""
    connection.execute(
        f"""create table {_created(table)} as
        select record_id as source_id, {_NEW_IDS[table.system]} as id, place from (
            select record_id, row_number() over (order by record_id) as place from outcomes
            where system = '{table.system.other}' and object = '{object_}' and outcome = 'create')"""
    )


def _created(table: RecordTable) -> str:
    return f"created_{table.name.replace('/', '_')}"


def _twins(table: RecordTable, object_: Object) -> str:
    """own_id, other_id of the records of a table and their counterparts."""
    other = record_table(object_, table.system.other)
    return f"""(select record_id as own_id, counterpart_id as other_id from outcomes
        where system = '{table.system}' and object = '{object_}' and outcome in ('update', 'link')
        union all select source_id, id from {_created(other)} union all select id, source_id from {_created(table)})"""


def _synced(connection: duckdb.DuckDBPyConnection, before: Path, table: RecordTable, object_: Object) -> str:
    """The query of all records of a table after the sync."""
    columns = connection.read_parquet(str(before / f"{table.name}.parquet")).columns
    pairs = connection.execute(
        f"select {table.system}_field, {table.system.other}_field from mapping where object = '{object_}'"
    ).fetchall()
    other = record_table(object_, table.system.other)
    theirs = connection.read_parquet(str(before / f"{other.name}.parquet")).columns
    fields = {own: source for own, source in pairs if own in columns and source in theirs}
    parent = "_parentcustomerid_value" if "_parentcustomerid_value" in columns else None
    written = ", ".join(f"max(new_value) filter (target_field = '{name}') as \"new {name}\"" for name in fields)
    values = {name: f'coalesce("new {name}", old."{name}")' for name in fields}
    new_values = {name: f'source."{source}"' for name, source in fields.items()}
    modified = table.modified_field
    values[modified] = f"if(written.id is null, old.\"{modified}\", '{_SYNCED_AT}')"
    new_values |= {modified: f"'{_SYNCED_AT}'", "id": "made.id", table.id_field: "made.id"}
    new_values |= {
        "api_rank": "10000000000 + place",
        "guid_sql_key": "guid_key(9000000000 + place)",
        "statecode": "'0'",
    }
    if parent is not None:
        values[parent] = f'coalesce(carried.to_id, old."{parent}")'
        new_values |= {parent: "carried.to_id", "_parentcustomerid_type": "'account'"}
    carried = f"left join ({_carried_to_dynamics()}) carried on carried.from_id" if parent is not None else ""
    return f"""
        select {_select(columns, values, "old.", fields)} from '{before}/{table.name}.parquet' old
        left join (select {table.system}_id as id, {written} from changes
            where target_system = '{table.system}' and object = '{object_}'
            and coalesce(note, '') not in {_NOT_LANDING} group by 1) written on written.id = old.id
        {carried and f"{carried} = old.id"}
        union all by name
        select {_select(columns, new_values, None, fields)} from {_created(table)} made
        join '{before}/{other.name}.parquet' source on source.id = made.source_id
        {carried and f"{carried} = made.id"}"""


def _select(columns: Sequence[str], values: dict[str, str], old: str | None, fields: dict[str, str]) -> str:
    """The columns of a query, finished keys of what was written among them."""
    texts = {"email": next((values[name] for name in ("email", "emailaddress1") if name in values), "null")}
    texts["name"] = values.get("name", "null")
    parts = []
    for column in columns:
        empty = f'{old}"{column}"' if old else "null"
        text = texts["name"] if column.startswith("name") else texts["email"]
        key = _KEYS[column].format(email=text, name=text) if column in _KEYS and fields else None
        parts.append(f'{key or values.get(column, empty)} as "{column}"')
    return ", ".join(parts)


def _carried_to_dynamics() -> str:
    """from_id, to_id: the parents that associations of HubSpot give to Dynamics' contacts."""
    contacts, companies = (record_table(object_, System.HUBSPOT) for object_ in (Object.CONTACT, Object.COMPANY))
    return f"""select sender.other_id as from_id, any_value(receiver.other_id) as to_id from links
        join {_twins(contacts, Object.CONTACT)} sender on sender.own_id = links.from_id
        join {_twins(companies, Object.COMPANY)} receiver on receiver.own_id = links.to_id
        where from_system = 'hubspot' and status = 'synced' group by 1"""


def _associations(before: Path) -> str:
    """HubSpot's associations after the sync; a contact that gets a primary company has no other one that is primary."""
    contacts, companies = (record_table(object_, System.DYNAMICS) for object_ in (Object.CONTACT, Object.COMPANY))
    carried = f"""select sender.other_id as from_id, receiver.other_id as to_id from links
        join {_twins(contacts, Object.CONTACT)} sender on sender.own_id = links.from_id
        join {_twins(companies, Object.COMPANY)} receiver on receiver.own_id = links.to_id
        where from_system = 'dynamics' and status = 'synced'"""
    return f"""with carried as ({carried})
        select 'contact' as from_object, from_id, 'company' as to_object, to_id, null::varchar as label,
            true as is_primary from carried
        union all
        select old.* replace (old.is_primary and carried.from_id is null as is_primary)
        from '{before}/hubspot/links.parquet' old
        left join (select distinct from_id from carried) carried using (from_id)
        anti join carried exact on exact.from_id = old.from_id and exact.to_id = old.to_id"""
