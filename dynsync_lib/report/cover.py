"""What the report is about: its cover, its scope, and where its numbers come from.

Facts
    * Everything said here is read from `forecast.json`; nothing is read from a clock.
    * A report that shows people says so at its top.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.listing import counted, some_of
from dynsync_lib.report.forecast_tables import ForecastTables, hides_records, is_masked, not_checked_sides
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.tables import Badge, Grid, Head, Lines, show_table
from dynsync_lib.report.words import DIRECTIONS, object_rank, object_word, say_tables, system_word, table_word

_SOURCES: Final = {
    "api": "pulled over the APIs of both portals",
    "files": "read from exported files",
    "emulator": "pulled from the emulated demo portals: all people and companies are invented",
}
_NO_FILTER: Final = Badge("none", "plain")
_MOST_HEADINGS: Final = 12
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MASKED: Final = "People are masked: addresses, names and values of contacts and leads are not in this report."
_PARTLY: Final = (
    "People are partly masked: of their addresses, names and values the first character is in this report, and the "
    "domain of addresses."
)
_COUNTED: Final = (
    "Numbers alone: no record is in this report. So that nobody is known by a small number, numbers of people are "
    "rounded to fives, and one to four are told as five; sums of small groups come out too high. A finding counts "
    "exactly from five people on."
)
_UNMASKED: Final = "Not masked: this report can hold personal data. Share it only with people who may see it."


def cover(forecast: ForecastTables, *, client: str = "") -> Piece:
    """Title block: for whom, how old the data is, where it comes from, and whether people are masked.

    >>> kit.cover(kit.open_forecast("out/demo/forecast").masked(), client="Contoso")
    Data of ..., pulled from the emulated demo portals: all people and companies are invented. People are masked: ...
    """
    origin, masking = say_origin(forecast), say_masking(forecast)
    html = render("cover", client=client, origin=origin, masking=masking, is_masked=is_masked(forecast))
    return Piece(html, f"{origin} {masking}")


def say_origin(forecast: ForecastTables) -> str:
    """Of when the data is and where it comes from, in one sentence."""
    return f"Data of {_say_taken(forecast.info)}, {_say_source(forecast.info.get('source'))}."


def say_masking(forecast: ForecastTables) -> str:
    """Whether people are masked, in one sentence."""
    if not is_masked(forecast):
        return _UNMASKED
    if hides_records(forecast):
        return _COUNTED
    return _PARTLY if _is_partly(forecast) else _MASKED


def _is_partly(forecast: ForecastTables) -> bool:
    return forecast.info.get("masking") == "partial"


def _say_source(source: object) -> str:
    return _SOURCES.get(str(source), "of an origin that the forecast does not name")


def _say_taken(info: Mapping[str, Any]) -> str:
    """Of when the data is; for files whose date nobody knew, that it is not known, and when they were loaded."""
    moment = _say_moment(info.get("taken_at"))
    if info.get("taken_at_known", True):
        return moment
    return f"a date that is not known (the day of loading is {moment.rpartition(',')[0]})"


def say_short_masking(forecast: ForecastTables) -> str:
    """The same in a few words where people are masked; all of it where they are not, or where numbers are rounded."""
    is_plain = is_masked(forecast) and not _is_partly(forecast) and not hides_records(forecast)
    return "People are masked." if is_plain else say_masking(forecast)


def data_moment(forecast: ForecastTables) -> Piece:
    """When both systems were read: one sentence for a pull, for files what is known of the day of each.

    >>> kit.data_moment(kit.open_forecast("out/demo/forecast"))
    Both systems were read once, at the moment named above.
    """
    loaded: Mapping[str, Any] = forecast.info.get("loaded") or {}
    if forecast.info.get("source") != "files":
        sentence = "Both systems were read once, at the moment named above."
        return Piece(render("sentences", sentences=[sentence], is_known=True), sentence)
    is_known = bool(forecast.info.get("taken_at_known", True))
    first = "The data is what both systems exported, file by file, not what they hold at one moment."
    sentences = [first, *loaded.get("dates", ())]
    return Piece(render("sentences", sentences=sentences, is_known=is_known), " ".join(sentences))


def sources_table(forecast: ForecastTables) -> Piece:
    """The files that were read and those that were left alone, with what `load` said of each; a sentence for a pull.

    >>> kit.sources_table(kit.open_forecast("out/demo/forecast"))
    No file was loaded: both systems were read over their APIs
    """
    loaded: Mapping[str, Any] = forecast.info.get("loaded") or {}
    read = loaded.get("files", ())
    rows = [[file["file"], _holds(file), file["rows"], file.get("exported") or _UNKNOWN, _said(file)] for file in read]
    rows += [
        [file["file"], Badge("left alone", "grey"), None, None, Lines(f"It {file['why']}.", file["next_step"])]
        for file in loaded.get("left_alone", ())
    ]
    heads = [
        Head("File", "code"),
        Head("Holds"),
        Head("Rows", "number"),
        Head("Exported"),
        Head("What was guessed, noted and not known"),
    ]
    left = len(loaded.get("left_alone", ()))
    caption = f"{counted(len(read), 'file was', 'files were')} read, {left:,} left alone"
    empty = "No file was loaded: both systems were read over their APIs"
    return show_table(Grid(caption if rows else empty, heads, rows, unit="files", empty=f"{empty}."))


_UNKNOWN: Final = Badge("not known", "grey")


def _holds(file: Mapping[str, Any]) -> str:
    system, _, table = file["table"].partition("/")
    return f"{system_word(system)} {table}"


def _said(file: Mapping[str, Any]) -> Lines | str:
    """What the load said of a file: sentences, then the headings that nobody knew."""
    lacks = [f"No {column}: who matches is not checked." for column in file.get("lacks", ())]
    sentences = [*lacks, *file["guessed"], *file["notes"]]
    unknown = file["unknown"]
    names = f"Not known, kept as text: {some_of(unknown, _MOST_HEADINGS)}." if unknown else ""
    return Lines(sentences[0] if sentences else "", names, further=tuple(sentences[1:])) if sentences or names else ""


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
            sync.get("filter_to_hubspot") or _NO_FILTER,
            sync.get("filter_to_dynamics") or _NO_FILTER,
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
        ("Data taken", _say_taken(info)),
        ("Source", _say_source(info.get("source"))),
        ("Records read", _say_records(info)),
        ("Not delivered", ", ".join(say_tables(info.get("not_provided") or ())) or "nothing is missing"),
        ("Field lists", _say_fields(forecast)),
        ("People", say_masking(forecast)),
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
    many = table_word(table)
    single = f"{many.removesuffix('ies')}y" if many.endswith("ies") else many.removesuffix("s")
    return counted(count, single, many)


def _say_fields(forecast: ForecastTables) -> str:
    missing = [system_word(system) for system in not_checked_sides(forecast)]
    if not missing:
        return "delivered by both systems"
    return f"not delivered by {' and '.join(missing)}; the standard fields stand in for them"
