"""What people marked to be fixed, as files that both CRMs import, where the fix is a value that is known.

Facts
    * One file a field: the record's id and the new value, so that nothing else of a record is touched.
    * A name: that of the system that wins conflicts, for the other one. An opt-out: on the side that lacks it; HubSpot
      takes opt-outs by address. An address that HubSpot refuses: emptied, so that it stays out and does not fail.
    * Options that a system lacks are a list to type in: neither HubSpot nor Dynamics imports options from a file.
      HubSpot's API takes a property's options all at once, Dataverse's one after the other (`InsertOptionValue`).
    * The files name people and are private. No cell begins a formula (`workbooks.safe_cells`), so a name that would
      begin one has an apostrophe before it.

Not modelled
    * Fixes whose value nobody knows: which key a record gets instead, how a text is shortened, what a field holds.

Where it is used: `worklist.decisions`, `retention.kinds`.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from dynsync_lib.core.model import System
from dynsync_lib.folders.own_folder import Content, FolderKind, listed_names
from dynsync_lib.folders.replaced_folder import replaced_folder
from dynsync_lib.forecasts.csv_files import write_rows
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.worklist.tables import WorklistTables

_MARK: Final = "fixes.json"
_VERSION: Final = 1
_EMPTYING: Final = "-emailaddress1.csv"
Decision = Mapping[str, Any]
_Fix = tuple[str, tuple[str, ...], tuple[str | None, ...]]
"""Name of the file, its columns, and one row."""
_IDS: Final = {"contact": "contactid", "lead": "leadid", "company": "accountid"}


def _names_of_fixes(content: Content) -> re.Pattern[str] | None:
    return listed_names(content, []) if content.get("dynsync_fixes") == _VERSION else None


FIXES_FOLDER: Final = FolderKind("files of fixes", _MARK, _names_of_fixes)


def is_emptying(name: str) -> bool:
    """Whether the rows of the file of fixes with this name empty an address."""
    return name.endswith(_EMPTYING)


def count_fixes(folder: Path) -> int:
    """How many rows the files of fixes in a folder of ours have; 0 when it has none."""
    mark = folder / _MARK
    content = json.loads(mark.read_text(encoding="utf-8")) if mark.is_file() else {}
    return sum((content.get("rows") or {}).values())


def write_fix_files(
    decisions: Sequence[Decision], forecast: Forecast, tables: WorklistTables, out: Path
) -> dict[str, int]:
    """Writes the files of all decisions to fix into the folder `out`; how many rows each has comes out, by its name.

    Earlier files of the kit there are replaced. Raises UsageError when the folder holds anything else.
    """
    rows: dict[tuple[str, tuple[str, ...]], list[tuple[str | None, ...]]] = defaultdict(list)
    to_fix = [decision for decision in decisions if decision["mark"] == "fix"]
    known = (_names(to_fix, forecast, tables), _opt_outs(to_fix, tables), _addresses(to_fix), _options(to_fix, tables))
    for name, columns, row in itertools.chain(*known):
        rows[name, columns].append(row)
    counts = {name: len(lines) for (name, _), lines in sorted(rows.items())}
    with replaced_folder(out, FIXES_FOLDER) as folder:
        for (name, columns), lines in rows.items():
            with (folder.new / name).open("w", encoding="utf-8", newline="") as stream:
                write_rows(stream, columns, lines)
        files = {"files": sorted([*counts, _MARK]), "rows": counts}
        content = {"dynsync_fixes": _VERSION, "taken_at": forecast.info.get("taken_at"), **files}
        (folder.new / _MARK).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return counts


def _names(decisions: Iterable[Decision], forecast: Forecast, tables: WorklistTables) -> Iterator[_Fix]:
    """Of near names, the name that wins for the record of the other system."""
    pairs = [(row["record_id"], row["other_id"]) for row in decisions if row["sheet"] == "near_names"]
    if not pairs:
        return
    asked = "SELECT hubspot_id, dynamics_id, hubspot_name, dynamics_name FROM near_names"
    names = {(row[0], row[1]): row[2:] for row in tables.connection.cursor().execute(asked).fetchall()}
    winner = forecast.info["objects"]["company"]["conflict_winner"]
    for hubspot_id, dynamics_id in pairs:
        hubspot_name, dynamics_name = names[hubspot_id, dynamics_id]
        if winner == System.DYNAMICS:
            yield "hubspot-company-name.csv", ("Record ID", "name"), (hubspot_id, dynamics_name)
        else:
            yield "dynamics-account-name.csv", ("accountid", "name"), (dynamics_id, hubspot_name)


def _opt_outs(decisions: Iterable[Decision], tables: WorklistTables) -> Iterator[_Fix]:
    """The opt-outs that one side lacks; those of HubSpot by address, where the contact has one."""
    marked = [row for row in decisions if row["sheet"] == "opt_outs"]
    if not marked:
        return
    asked = "SELECT id, email FROM hubspot_contacts WHERE email IS NOT NULL"
    addresses = dict(tables.connection.cursor().execute(asked).fetchall())
    for row in marked:
        if "in HubSpot only" in row["detail"]:
            columns = (_IDS[row["object"]], "donotbulkemail")
            yield f"dynamics-{row['object']}-donotbulkemail.csv", columns, (row["record_id"], "true")
        elif row["other_id"] in addresses:
            yield "hubspot-opt-outs.csv", ("Email",), (addresses[row["other_id"]],)


def _addresses(decisions: Iterable[Decision]) -> Iterator[_Fix]:
    """Addresses of Dynamics' people that HubSpot refuses, emptied."""
    for row in decisions:
        if row["sheet"] == "failing" and row["system"] == System.DYNAMICS and row["rule_id"] == "contact.invalid-email":
            columns = (_IDS[row["object"]], "emailaddress1")
            yield f"dynamics-{row['object']}{_EMPTYING}", columns, (row["record_id"], None)


def _options(decisions: Iterable[Decision], tables: WorklistTables) -> Iterator[_Fix]:
    """Options to type in, for each system; values that are none of their own field's options are not among them."""
    marked = [row for row in decisions if row["sheet"] == "options" and "held_value" in row]
    if not marked:
        return
    names = ", ".join(_OPTION_IDS)
    asked = f"SELECT {names}, option_label, option_value FROM missing_options"  # noqa: S608 - own names
    options = {tuple(row[:-2]): row[-2:] for row in tables.connection.cursor().execute(asked).fetchall()}
    for row in marked:
        label, value = options[tuple(row[name] for name in _OPTION_IDS)]
        if row["system"] == System.HUBSPOT:
            object_ = "contact" if row["object"] == "lead" else row["object"]
            yield "hubspot-options.csv", _HUBSPOT_OPTION, (object_, row["hubspot_field"], label, value)
        else:
            yield (
                "dynamics-options.csv",
                _DYNAMICS_OPTION,
                (_TABLES[row["object"]], row["dynamics_field"], label, value),
            )


_OPTION_IDS: Final = ("system", "object", "hubspot_field", "dynamics_field", "held_value")
_HUBSPOT_OPTION: Final = ("object", "property", "label", "internal_value")
_DYNAMICS_OPTION: Final = ("table", "column", "label", "value")
_TABLES: Final = {
    "company": "account",
    "contact": "contact",
    "lead": "lead",
    "deal": "opportunity",
    "invoice": "invoice",
}
