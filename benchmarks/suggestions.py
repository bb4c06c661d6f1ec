"""How good suggestions are: labelled pairs among look-alikes and fields without a partner, in fourteen portals.

    python benchmarks/suggestions.py [--half HALF] [--records] [--misses] [--json FILE]

Facts
    * suggestion_fields.txt (`tuning`, `heldout`) was written before anything was tuned; nothing was changed
      because of the `heldout` portals.
    * suggestion_engagements.txt has names as they are in engagements: cut, abbreviated, misspelt, often German on one
      side, with some 150 fields a side without a partner. `engagements` and `unseen` were written before their author
      had read the vocabulary; it was widened with `engagements` in sight, while of `unseen` only the figures were
      looked at. The same author wrote the new words, so `unseen` flatters. `fresh` was written when 1,500 lines of
      trades were in place, and counted once before anybody looked: 0.45 found first without records, 0.94 with them;
      `latest` at 2,000 lines of them: 0.57 and 0.93, no suggestion wrong. Then both served to widen the vocabulary.
    * Of the labelled pairs: found first, found among three. Precision: of all first suggestions, how many are right.
      Traps: of the marked look-alikes, how many were suggested at any rank.
    * Fields that both CRMs have out of the box are added to two portals of each of the first halves and to all of the
      others (with those of suggestion_standard_more.txt); they are no labelled pairs, since anybody knows them, but a
      wrong suggestion for one of them counts against the precision.
    * With records, 150 are matched; of the values of two fields that mean the same a fifth differs, a quarter is
      missing. In the engagements 60 are, of which up to a quarter differs and up to 60 % is missing, by the field.
      Fields without a partner draw from the same values.
    * Beside it stands `rapidfuzz` over the labels: the likest column from a likeness of 60 on.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rapidfuzz import fuzz, process, utils

from dynsync_lib import kit
from dynsync_lib.kit.suggestions import find_suggestions

HERE: Final = Path(__file__).parent
FIELDS, ENGAGEMENTS = HERE / "suggestion_fields.txt", HERE / "suggestion_engagements.txt"
STANDARD, MORE_STANDARD = HERE / "suggestion_standard.txt", HERE / "suggestion_standard_more.txt"
HALVES: Final = ("tuning", "heldout", "engagements", "unseen", "fresh", "latest")
WITH_STANDARD: Final = ("software", "factory", "insurer", "university")
_FIELD: Final = re.compile(r'(\w+) "([^"]*)" (\w+)')
_HUBSPOT: Final = {
    "t": "string text",
    "m": "string textarea",
    "p": "string phonenumber",
    "u": "string text",
    "e": "string text",
    "n": "number number",
    "f": "number number",
    "c": "number number",
    "d": "date date",
    "dt": "datetime date",
    "b": "bool booleancheckbox",
    "o": "enumeration select",
    "x": "enumeration checkbox",
}
_DYNAMICS: Final = {
    "t": "String Text",
    "m": "Memo TextArea",
    "p": "String Phone",
    "u": "String Url",
    "e": "String Email",
    "n": "Integer ",
    "f": "Decimal ",
    "c": "Money ",
    "d": "DateTime DateOnly",
    "dt": "DateTime DateAndTime",
    "b": "Boolean ",
    "o": "Picklist ",
    "x": "MultiSelectPicklist ",
    "l": "Lookup ",
    "id": "Uniqueidentifier ",
    "st": "Status ",
}
_TABLES: Final = {
    "contact": ("contacts", "hs_object_id", "email", "contacts", "contactid", "emailaddress1"),
    "company": ("companies", "hs_object_id", "name", "accounts", "accountid", "name"),
    "deal": ("deals", "hs_object_id", "dealname", "opportunities", "opportunityid", "name"),
    "invoice": ("invoices", "hs_object_id", "hs_title", "invoices", "invoiceid", "name"),
}
_ALL_IDS: Final = (
    *(("contact", "contactid"), ("company", "accountid"), ("lead", "leadid"), ("deal", "opportunityid")),
    ("invoice", "invoiceid"),
)
_WORDS: Final = [
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "heath",
    "iris",
    "jade",
    "kelp",
    "larch",
    "maple",
    "north",
    "oak",
    "pine",
    "quartz",
    "reed",
]
_FIRST: Final = [
    "Ada",
    "Ben",
    "Cleo",
    "Dan",
    "Eva",
    "Finn",
    "Gwen",
    "Hal",
    "Ida",
    "Jon",
    "Kim",
    "Lea",
    "Max",
    "Nell",
    "Otto",
    "Pia",
    "Quin",
    "Ria",
    "Sam",
    "Tia",
]
_CITIES: Final = [
    "Berlin",
    "Hamburg",
    "Munich",
    "Vienna",
    "Zurich",
    "Cologne",
    "Dresden",
    "Essen",
    "Leeds",
    "York",
    "Ghent",
    "Lyon",
    "Turin",
    "Malmo",
    "Oslo",
]
_COUNTRIES: Final = ["Germany", "Austria", "Switzerland", "France", "Italy", "Spain"]
_RECORDS: Final = 200
_MATCHED: Final = 150
_MATCHED_OF_ENGAGEMENT: Final = 60


@dataclass(frozen=True)
class Labelled:
    """One field: side, name, label, type, values (the recipe for them), options of its own side."""

    side: str
    name: str
    label: str
    type: str
    values: str
    options: tuple[str, ...]


@dataclass
class Portal:
    """Fields by object, the right pairs, the labelled ones of them, and the traps, as (object, hubspot, dynamics)."""

    name: str
    half: str
    is_engagement: bool = False
    fields: dict[str, list[Labelled]] = field(default_factory=lambda: defaultdict(list))
    right: dict[tuple[str, str], str] = field(default_factory=dict)
    labelled: set[tuple[str, str, str]] = field(default_factory=set)
    traps: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, line: str, object_: str, *, is_standard: bool) -> None:
        """One line of a file."""
        mark, body = line.split(" ", 1)
        if mark == "~~":
            hubspot, dynamics = body.split(" ~ ")
            self.traps.add((object_, hubspot, dynamics))
            return
        values = body.rsplit(" : ", 1)[1] if " : " in body else ""
        sides = list(zip("hd" if mark == "=" else mark, _FIELD.findall(body), strict=False))
        names = [self._add(object_, side, parts, values) for side, parts in sides]
        if mark == "=" and all(names):
            self.right[(object_, names[0])] = names[1]
            if not is_standard:
                self.labelled.add((object_, names[0], names[1]))

    def _add(self, object_: str, side: str, parts: tuple[str, str, str], values: str) -> str:
        name, label, type_ = parts
        if any((known.side, known.name) == (side, name) for known in self.fields[object_]):
            return ""
        options = [option.split("=") for option in values.split("|")] if "|" in values or "=" in values else []
        own = tuple(option[0 if side == "h" else -1] for option in options)
        self.fields[object_].append(Labelled(side, name, label, type_, values, own))
        return name


def read_portals() -> list[Portal]:
    """The portals of suggestion_fields.txt and suggestion_engagements.txt, with standard fields where they belong."""
    portals = _read_file(FIELDS)
    for portal in portals:
        if portal.name in WITH_STANDARD:
            _add_standard(portal, STANDARD)
    for portal in (engagements := _read_file(ENGAGEMENTS)):
        portal.is_engagement = True
        _add_standard(portal, STANDARD)
        _add_standard(portal, MORE_STANDARD)
    return [*portals, *engagements]


def _read_file(file: Path) -> list[Portal]:
    portals: list[Portal] = []
    object_ = ""
    for line in _lines(file):
        word, _, rest = line.partition(" ")
        if word == "portal":
            portals.append(Portal(rest, ""))
        elif word == "half":
            portals[-1].half = rest
        elif word == "object":
            object_ = rest
        else:
            portals[-1].add(line, object_, is_standard=False)
    return portals


def _add_standard(portal: Portal, file: Path) -> None:
    object_ = ""
    for line in _lines(file):
        if line.startswith("object "):
            object_ = line.removeprefix("object ")
        else:
            portal.add(line, object_, is_standard=True)


def _lines(file: Path) -> Iterator[str]:
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return (line for line in lines if line and not line.startswith("#"))


# --- Records -----------------------------------------------------------------------------------------------------


def _value(fields: Labelled, draw: random.Random) -> int | str:
    """What a record holds: the number of the option for choices, else the text."""
    if fields.options:
        return draw.randrange(len(fields.options))
    kind, *bounds = fields.values.split() or [{"b": "flag"}.get(fields.type.removeprefix("r"), "words")]
    return {
        "int": lambda: str(draw.randint(*map(int, bounds))) if bounds else "",
        "date": lambda: str(date(2020, 1, 1) + timedelta(draw.randrange(1500))),
        "flag": lambda: draw.choice(["true", "false"]),
        "words": lambda: " ".join(draw.sample(_WORDS, 3)),
        "word": lambda: draw.choice(_WORDS).title(),
        "first": lambda: draw.choice(_FIRST),
        "name": lambda: f"{draw.choice(_FIRST)} {draw.choice(_WORDS).title()}",
        "code": lambda: f"{draw.choice('ABKX')}-{draw.randrange(10_000, 99_999)}",
        "phone": lambda: f"+49 {draw.randrange(30, 99)} {draw.randrange(1_000_000, 9_999_999)}",
        "url": lambda: f"https://www.{draw.choice(_WORDS)}{draw.randrange(99)}.example",
        "email": lambda: f"{draw.choice(_FIRST).lower()}.{draw.randrange(10_000)}@example.com",
        "street": lambda: f"{draw.choice(_WORDS).title()} Street {draw.randrange(99)}",
        "city": lambda: draw.choice(_CITIES),
        "zip": lambda: f"{draw.randrange(10_000, 99_999)}",
        "country": lambda: draw.choice(_COUNTRIES),
        "pat": lambda: _filled_pattern(" ".join(bounds), draw),
        "pick": lambda: draw.choice(" ".join(bounds).split("/")),
    }[kind]()


def _filled_pattern(pattern: str, draw: random.Random) -> str:
    """The pattern with a digit for each # and a capital for each @."""
    digits = re.sub("#", lambda _: str(draw.randrange(10)), pattern)
    return re.sub("@", lambda _: draw.choice("ABCDEFGHKM"), digits)


def _written(fields: Labelled, value: int | str) -> str:
    if not fields.options:
        text = str(value)
        return re.sub(r"[^+0-9]", "", text) if fields.side == "d" and fields.type == "p" else text
    number = int(value)
    return _option_value(fields, number)


def _option_value(fields: Labelled, number: int) -> str:
    label = fields.options[number]
    return re.sub("[^a-z0-9]+", "_", label.lower()) if fields.side == "h" else str(100_000_000 + number)


def write_files(portal: Portal, folder: Path, *, has_records: bool, seed: int = 7) -> None:
    """properties.csv, columns.csv and, when asked, the records of a portal as files for `dynsync load`."""
    for side in "hd":
        (folder / side).mkdir(parents=True)
    _write(folder / "h" / "properties.csv", _properties(portal))
    _write(folder / "d" / "columns.csv", _columns(portal))
    for object_, fields in portal.fields.items() if has_records else ():
        rows = _records(portal, object_, fields, random.Random(f"{seed} {portal.name} {object_}"))
        for side, number in (("h", 0), ("d", 3)):
            _write(folder / side / f"{_TABLES[object_][number]}.csv", rows[side])


def _properties(portal: Portal) -> list[dict[str, str]]:
    rows = [
        {"object": name, "name": "hs_object_id", "label": "Record ID", "type": "number", "read_only": "true"}
        for name in ("contact", "company", "deal", "invoice")
    ]
    for object_, fields in portal.fields.items():
        for field_ in fields:
            if field_.side == "h" and field_.name != "hs_object_id":
                type_, field_type = _HUBSPOT[_bare(field_.type)].split(" ")
                rows.append(_metadata(object_, field_) | {"type": type_, "field_type": field_type})
    return rows


def _columns(portal: Portal) -> list[dict[str, str]]:
    ids = [{"object": name, "name": id_, "label": "Id", "type": "Uniqueidentifier"} for name, id_ in _ALL_IDS]
    for object_, fields in portal.fields.items():
        for field_ in fields:
            if field_.side == "d" and not field_.type.endswith("id"):
                type_, format_ = _DYNAMICS[_bare(field_.type)].split(" ")
                type_ = "Owner" if field_.name == "ownerid" else type_
                ids.append(_metadata(object_, field_) | {"type": type_, "format": format_})
    return ids


def _bare(type_: str) -> str:
    return type_[1:] if type_.startswith("r") else type_


def _metadata(object_: str, field_: Labelled) -> dict[str, str]:
    options = [{"value": _option_value(field_, number), "label": label} for number, label in enumerate(field_.options)]
    return {
        "object": object_,
        "name": field_.name,
        "label": field_.label,
        "options": json.dumps(options) if options else "",
        "read_only": "true" if field_.type.startswith("r") else "false",
    }


def _records(
    portal: Portal, object_: str, fields: list[Labelled], draw: random.Random
) -> dict[str, list[dict[str, str]]]:
    _, id_h, key_h, _, id_d, key_d = _TABLES[object_]
    rows: dict[str, list[dict[str, str]]] = {"h": [], "d": []}
    matched = _MATCHED_OF_ENGAGEMENT if portal.is_engagement else _MATCHED
    for number in range(_RECORDS):
        shared = number < matched
        key = {side: f"{'x' if shared else side}{number}" for side in "hd"}
        key = {side: f"{key[side]}@example.com" if object_ == "contact" else f"Company {key[side]}" for side in "hd"}
        rows["h"].append({id_h: str(1000 + number), key_h: key["h"]})
        rows["d"].append({id_d: f"{draw.getrandbits(32):08x}-0000-4000-8000-{number:012x}", key_d: key["d"]})
    partner = {hubspot: dynamics for (owner, hubspot), dynamics in portal.right.items() if owner == object_}
    by_name = {(field_.side, field_.name): field_ for field_ in fields}
    for field_ in sorted(fields, key=lambda field_: field_.side):
        if field_.name in (id_h, key_h, id_d, key_d) or field_.type in ("l", "id", "rid", "st"):
            continue
        side_rows = rows[field_.side]
        empty, agree = (draw.uniform(0, 0.6), draw.uniform(0.75, 1)) if portal.is_engagement else (0.25, 0.8)
        for number, row in enumerate(side_rows):
            row[field_.name] = "" if draw.random() < empty else _written(field_, _value(field_, draw))
            other = by_name.get(("d", partner.get(field_.name, ""))) if field_.side == "h" else None
            if other is not None and other.type != "l" and number < matched and draw.random() < agree:
                value = _value(field_, draw)
                row[field_.name] = "" if draw.random() < empty else _written(field_, value)
                rows["d"][number][other.name] = "" if draw.random() < empty else _written(other, value)
    return rows


def _write(file: Path, rows: list[dict[str, str]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names, restval="")
        writer.writeheader()
        writer.writerows(rows)


# --- Counting ----------------------------------------------------------------------------------------------------


@dataclass
class Counted:
    """What came out of all portals of a half."""

    pairs: int = 0
    first: int = 0
    three: int = 0
    suggested: int = 0
    right: int = 0
    traps: int = 0
    trapped: int = 0
    cpu_s: float = 0.0
    misses: list[str] = field(default_factory=list)

    def add(self, portal: Portal, rows: Iterable[dict[str, Any]]) -> None:
        """The suggestions of a portal against what is right."""
        ranked: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in rows:
            ranked[(row["object"], row["hubspot_field"])].append(row["dynamics_field"])
        for object_, hubspot, dynamics in sorted(portal.labelled):
            suggested = ranked.get((object_, hubspot), [])
            self.pairs += 1
            self.first += suggested[:1] == [dynamics]
            self.three += dynamics in suggested[:3]
            if suggested[:1] != [dynamics]:
                self.misses.append(
                    f"missed  {portal.name} {object_}.{hubspot} ~ {dynamics}: {', '.join(suggested) or '-'}"
                )
        for (object_, hubspot), suggested in sorted(ranked.items()):
            self.suggested += 1
            is_right = portal.right.get((object_, hubspot)) == suggested[0]
            self.right += is_right
            if not is_right:
                self.misses.append(f"wrong   {portal.name} {object_}.{hubspot} ~ {suggested[0]}")
        for object_, hubspot, dynamics in sorted(portal.traps):
            self.traps += 1
            if dynamics in ranked.get((object_, hubspot), []):
                self.trapped += 1
                self.misses.append(f"trapped {portal.name} {object_}.{hubspot} ~ {dynamics}")

    def figures(self) -> dict[str, Any]:
        """First place, among three, precision, traps, as shares; processor seconds."""
        return {
            "pairs": self.pairs,
            "first": round(self.first / self.pairs, 3),
            "among_three": round(self.three / self.pairs, 3),
            "suggested": self.suggested,
            "precision": round(self.right / max(self.suggested, 1), 3),
            "traps": f"{self.trapped} of {self.traps}",
            "cpu_s": round(self.cpu_s, 2),
        }


def by_labels(portal: Portal) -> Iterator[dict[str, Any]]:
    """`rapidfuzz` over labels: the three likest columns of each property whose best is 60 or more alike."""
    for object_, fields in portal.fields.items():
        columns = {field_.name: field_.label for field_ in fields if field_.side == "d"}
        for field_ in fields:
            if field_.side == "h":
                best = process.extract(
                    field_.label, columns, scorer=fuzz.token_sort_ratio, processor=utils.default_process, limit=3
                )
                if best and best[0][1] >= 60:
                    yield from (
                        {"object": object_, "hubspot_field": field_.name, "dynamics_field": row[2]} for row in best
                    )


def measure(half: str, *, has_records: bool) -> tuple[Counted, Counted]:
    """The kit's suggestions, and those by labels alone."""
    ours, labels = Counted(), Counted()
    for portal in read_portals():
        if portal.half != half:
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_files(portal, folder, has_records=has_records)
            kit.load(folder / "h", folder / "d", folder / "s", taken_at=datetime(2026, 11, 23, tzinfo=UTC))
            started_s = time.process_time()
            rows = find_suggestions(folder / "s")
            ours.cpu_s += time.process_time() - started_s
        ours.add(portal, rows)
        labels.add(portal, by_labels(portal))
    return ours, labels


def main() -> None:
    """Prints a line for every half, with and without records."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=HALVES)
    parser.add_argument("--records", action="store_true", help="only with records")
    parser.add_argument("--misses", action="store_true", help="name what is wrong")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    lines = []
    for half in [asked.half] if asked.half else HALVES:
        for has_records in [True] if asked.records else [False, True]:
            ours, labels = measure(half, has_records=has_records)
            for who, counted in (("kit", ours), *([] if has_records else [("labels", labels)])):
                line = {"half": half, "records": has_records, "by": who, **counted.figures()}
                lines.append(line)
                print("  ".join(f"{name} {value}" for name, value in line.items()))
                if asked.misses and who == "kit":
                    print("\n".join(counted.misses))
    if asked.json:
        asked.json.write_text(json.dumps(lines, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
