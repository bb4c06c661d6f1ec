"""What the report is about: its cover, its scope, and where its numbers come from.

Facts
    * Everything said here is read from `forecast.json`; nothing is read from a clock.
    * A report that shows people says so at its top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.report.forecast_tables import ForecastTables, is_masked, not_checked_sides
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.tables import Grid, Head, show_table
from dynsync_lib.report.words import DIRECTIONS, counted, object_rank, object_word, system_word

_SOURCES: Final = {
    "api": "pulled over the APIs of both portals",
    "files": "read from exported files",
    "emulator": "pulled from the emulated demo portals: all people and companies are invented",
}
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MASKED: Final = "People are masked: addresses, names and values of contacts and leads are not in this report."
_UNMASKED: Final = "Not masked: this report can hold personal data. Share it only with people who may see it."


def cover(forecast: ForecastTables, *, client: str = "") -> Piece:
    """Title block: for whom, how old the data is, where it comes from, and whether people are masked.

    >>> kit.cover(kit.open_forecast("out/demo/forecast").masked(), client="Contoso")
    Data of ..., pulled from the emulated demo portals: all people and companies are invented. People are masked: ...
    """
    taken = _say_moment(forecast.info.get("taken_at"))
    source = _say_source(forecast.info.get("source"))
    masking = _MASKED if is_masked(forecast) else _UNMASKED
    html = render("cover", client=client, taken=taken, source=source, masking=masking, is_masked=is_masked(forecast))
    return Piece(html, f"Data of {taken}, {source}. {masking}")


def _say_source(source: object) -> str:
    return _SOURCES.get(str(source), "of an origin that the forecast does not name")


def _say_moment(text: object) -> str:
    """Such as "24 November 2026, 01:55 UTC"; the text itself when it is no moment."""
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return "unknown date" if text is None else str(text)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment:%Y, %H:%M} UTC"


def scope_table(forecast: ForecastTables) -> Piece:
    """What the settings ask for: direction, conflict winner and filters of each object that is on.

    >>> kit.scope_table(kit.open_forecast("out/demo/forecast"))
    What is synced
    """
    objects: Mapping[str, Mapping[str, Any]] = forecast.info.get("objects") or {}
    rows = [
        [
            object_word(name).capitalize(),
            DIRECTIONS.get(sync.get("direction") or "", sync.get("direction")),
            system_word(sync["conflict_winner"]) if sync.get("conflict_winner") else None,
            sync.get("filter_to_hubspot") or "none",
            sync.get("filter_to_dynamics") or "none",
        ]
        for name, sync in sorted(objects.items(), key=lambda item: object_rank(item[0]))
    ]
    heads = [
        Head("Records"),
        Head("Direction"),
        Head("Wins a conflict"),
        Head("Filter into HubSpot", "code"),
        Head("Filter into Dynamics", "code"),
    ]
    return show_table(Grid("What is synced", heads, rows, unit="objects", empty="No object is switched on."))


def provenance(forecast: ForecastTables) -> Piece:
    """Where the numbers come from: moment, source, records read, versions and hashes.

    >>> kit.provenance(kit.open_forecast("out/demo/forecast"))
    Where the numbers come from
    """
    info = forecast.info
    facts = [
        ("Data taken", _say_moment(info.get("taken_at"))),
        ("Source", _say_source(info.get("source"))),
        ("Records read", _say_records(info)),
        ("Not delivered", ", ".join(_say_tables(info.get("not_provided") or ())) or "nothing is missing"),
        ("Field lists", _say_fields(forecast)),
        ("People", _MASKED if is_masked(forecast) else _UNMASKED),
        ("Kit version", info.get("kit_version")),
        ("Rulebook version", info.get("rulebook_version")),
        ("Snapshot SHA-256", info.get("snapshot_sha256")),
        ("Settings SHA-256", info.get("settings_sha256")),
    ]
    return Piece(
        render("facts", facts=[(name, value or "not known") for name, value in facts]), "Where the numbers come from"
    )


def _say_records(info: Mapping[str, Any]) -> str:
    records: Mapping[str, int] = info.get("records") or {}
    sides = []
    for system in System:
        names = [name for name, table in RECORD_TABLES.items() if table.system is system and records.get(name)]
        if names:
            sides.append(f"{system_word(system)}: {', '.join(_say_count(name, records[name]) for name in names)}")
    return "; ".join(sides)


def _say_count(table: str, count: int) -> str:
    """Such as "1 company" and "12 owners"."""
    many = _table_word(table)
    single = f"{many.removesuffix('ies')}y" if many.endswith("ies") else many.removesuffix("s")
    return counted(count, single, many)


def _table_word(name: str) -> str:
    return name.rpartition("/")[2]


def _say_tables(names: Sequence[str]) -> list[str]:
    return [f"{system_word(name.partition('/')[0])} {_table_word(name)}" for name in names]


def _say_fields(forecast: ForecastTables) -> str:
    missing = [system_word(system) for system in not_checked_sides(forecast)]
    if not missing:
        return "delivered by both systems"
    return f"not delivered by {' and '.join(missing)}; the standard fields stand in for them"
