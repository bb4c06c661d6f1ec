"""What fields hold: how full they are, what stands in them, and how far mapped fields agree.

Facts
    * A field whose column was not delivered is not counted; it is named, and is no empty field.

Source: the rows of `forecasts.field_profiles`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dynsync_lib.listing import counted
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.forecast_tables import Row
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.ranked import Ranked, draw_ranked
from dynsync_lib.report.stacks import NARROW, Layout, Legend, Stack, draw_stacks
from dynsync_lib.report.tables import Badge, Grid, Head, Lines, Share, show_table
from dynsync_lib.report.words import SYSTEM_COLOURS, format_share, object_word, records_word

_MOST_FIELDS: Final = 30
_MOST_MAPPINGS: Final = 20
_WIDE: Final = Layout(width=860, left=235, bar=340, row=46)
_ROOM: Final[Mapping[Layout, int]] = {_WIDE: 28, NARROW: 19}
"""How many characters of a field's name there is room for."""
_NOT_DELIVERED: Final = Badge("Not delivered", "grey")
_LEGEND: Final = Legend(
    {
        "equal": "Same",
        "different": "Different",
        "only_hubspot": "Only in HubSpot",
        "only_dynamics": "Only in Dynamics",
        "neither": "Empty in both",
    },
    {
        "equal": "#0072b2",
        "different": "#e69f00",
        "only_hubspot": "#b3440c",
        "only_dynamics": "#a6dbcb",
        "neither": "#b8c0c8",
    },
)


def fill_rates(fields: Sequence[Row]) -> Piece:
    """The fields of one side by how many records fill them, the fullest first; a sentence when nothing was counted.

    `fields` are rows of one side of an object, as `kit.profile_fields` gives them.

    >>> profiles = kit.profile_fields(kit.open_forecast("out/demo/forecast"))
    >>> kit.fill_rates(profiles.of("contact", "dynamics"))
    Of 45 fields 8 are filled in all 1,500 records, 14 in none. 10 more were not delivered, so not counted. ...
    """
    records, total = _side_of(fields)
    title = f"How full the fields of {records} are" if records else "How full the fields are"
    known = sorted((row for row in fields if row["filled"] is not None), key=lambda row: (-row["filled"], row["field"]))
    if not known or not total:
        return Piece(render("empty", sentence=f"{title}: nothing was counted."), title)
    bars = [Ranked(row["field"], row["filled"], format_share(row["filled"] / total)) for row in known[:_MOST_FIELDS]]
    wide, narrow = draw_ranked(title, bars, SYSTEM_COLOURS[fields[0]["system"]], full=total)
    return Chart(title, _say_fill(fields, total), wide, _show(fields), narrow=narrow).as_piece()


def _side_of(fields: Sequence[Row]) -> tuple[str, int]:
    """What the records of the side are called, and how many there are; 0 when no column was delivered."""
    if not fields:
        return "", 0
    return records_word(fields[0]["object"], fields[0]["system"]), max(row["records"] or 0 for row in fields)


def _say_fill(fields: Sequence[Row], total: int) -> str:
    known = [row for row in fields if row["filled"] is not None]
    left = len(fields) - len(known)
    full, empty = (sum(row["filled"] == count for row in known) for count in (total, 0))
    said = [
        f"Of {counted(len(known), 'field', 'fields')} {full:,} {'is' if full == 1 else 'are'} filled in all "
        f"{counted(total, 'record', 'records')}, {empty:,} in none.",
        f"{counted(left, 'more was', 'more were')} not delivered, so not counted." if left else "",
        f"The fullest {_MOST_FIELDS} are drawn." if len(known) > _MOST_FIELDS else "",
    ]
    return " ".join(filter(None, said))


def profile_table(fields: Sequence[Row]) -> Piece:
    """Every field of one side: type, mapped or not, filled records, different values, the longest, the most frequent.

    >>> profiles = kit.profile_fields(kit.open_forecast("out/demo/forecast"))
    >>> kit.profile_table(profiles.of("contact", "dynamics"))
    55 fields of 1,500 Dynamics contacts
    """
    return _show(fields)


def _show(fields: Sequence[Row]) -> Piece:
    records, total = _side_of(fields)
    heads = [
        Head("Field"),
        Head("Type"),
        Head("Mapped"),
        Head("Filled", "number"),
        Head("Share", "share"),
        Head("Different values", "number"),
        Head("Longest, in characters", "number"),
        Head("Most frequent"),
    ]
    rows = [_field_cells(row, total) for row in fields]
    caption = f"{counted(len(fields), 'field', 'fields')} of {total:,} {records}" if fields else "Fields"
    note = "The number behind a value counts its records. Values that may say who somebody is are hidden."
    empty = "This kind of record is not synced, so its fields were not counted."
    limit = max(len(fields), 1)
    return show_table(Grid(caption, heads, rows, unit="fields", note=note, empty=empty, limit=limit))


def _field_cells(row: Row, total: int) -> list[Any]:
    named = [Lines(row["label"] or row["field"], row["field"], is_code=True), row["type"]]
    named.append("yes" if row["is_mapped"] else "no")
    if row["filled"] is None:
        return [*named, None, None, None, None, _NOT_DELIVERED]
    share = Share(row["filled"] / total, "") if total else None
    return [*named, row["filled"], share, row["distinct"], row["longest"], _say_frequent(row)]


def _say_frequent(row: Row) -> str:
    if row["frequent"] and all(value is None for value, _ in row["frequent"]):
        *first, last = (f"{count:,}" for _, count in row["frequent"])
        return f"hidden, in {' and '.join(filter(None, (', '.join(first), last)))} records"
    if row["frequent"]:
        return ", ".join(f"{value or 'hidden'} ({count:,})" for value, count in row["frequent"])
    return "each value once" if row["filled"] else "empty in every record"


def agreement_bars(mappings: Sequence[Row]) -> Piece:
    """Mapped fields in matched records: same, different, only one side, or empty; the most different ones first.

    `mappings` are rows of one object, as `kit.profile_fields` gives them.

    >>> profiles = kit.profile_fields(kit.open_forecast("out/demo/forecast"))
    >>> kit.agreement_bars(profiles.agreement_of("contact"))
    In 693 matched pairs 15 of 20 mappings hold different values somewhere. 1 more was not compared.
    """
    matched = f"matched {object_word(mappings[0]['object'])}" if mappings else "matched records"
    title = f"How far mapped fields of {matched} agree"
    compared = sorted(
        (row for row in mappings if row["pairs"]), key=lambda row: (-row["different"], row["hubspot_field"])
    )
    if not compared:
        return Piece(render("empty", sentence=f"{title}: no mapping was compared: no record is matched."), title)
    drawn = compared[:_MOST_MAPPINGS]
    sentence = _say_agreement(mappings, compared)
    description = "; ".join(_say_mapping(row) for row in drawn)
    wide, narrow = (
        draw_stacks([_stack(row, room) for row in drawn], _LEGEND, title, description, layout)
        for layout, room in _ROOM.items()
    )
    return Chart(title, sentence, wide, _agreement_table(mappings), narrow=narrow).as_piece()


def _stack(row: Row, room: int) -> Stack:
    """The bar of a mapping, its names cut to so many characters."""
    parts = tuple((part, row[part]) for part in _LEGEND.words)
    return Stack(_cut(row["hubspot_field"], room), _cut(row["dynamics_field"], room), parts)


def _cut(name: str, room: int) -> str:
    return name if len(name) <= room else f"{name[: room - 1]}…"


def _say_agreement(mappings: Sequence[Row], compared: Sequence[Row]) -> str:
    differing = sum(row["different"] > 0 for row in compared)
    left = len(mappings) - len(compared)
    said = [
        f"In {counted(compared[0]['pairs'], 'matched pair', 'matched pairs')} {differing:,} of "
        f"{len(compared):,} mappings {'holds' if differing == 1 else 'hold'} different values somewhere.",
        f"{counted(left, 'more was', 'more were')} not compared." if left else "",
        f"The {_MOST_MAPPINGS} that differ most are drawn." if len(compared) > _MOST_MAPPINGS else "",
    ]
    return " ".join(filter(None, said))


def _say_mapping(row: Row) -> str:
    parts = ", ".join(f"{row[part]:,} {word.lower()}" for part, word in _LEGEND.words.items() if row[part])
    return f"{row['hubspot_field']} / {row['dynamics_field']}: {parts}"


def _agreement_table(mappings: Sequence[Row]) -> Piece:
    heads = [Head("HubSpot property", "code"), Head("Dynamics column", "code")]
    heads += [Head(word, "number") for word in _LEGEND.words.values()]
    rows = [
        [row["hubspot_field"], row["dynamics_field"], *(_count_of(row, part) for part in _LEGEND.words)]
        for row in mappings
    ]
    note = "Not compared: nothing flows through the mapping, or a column of it was not delivered."
    return show_table(Grid("Matched pairs by what the two fields hold", heads, rows, unit="mappings", note=note))


def _count_of(row: Row, part: str) -> int | Badge:
    return Badge("Not compared", "grey") if row[part] is None else int(row[part])
