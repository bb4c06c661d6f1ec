"""The steps of a rehearsal as tables: what is planned, what stands in the test portals, what the sync wrote, what goes.

Facts
    * Counts and the names of fields alone: nothing here is personal.

Source: `rehearsal.json` and what the steps give back (docs/rehearsal.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from typing import Any, Final, Protocol

from dynsync_lib.core.model import System
from dynsync_lib.listing import counted, some_of
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.sample_items import say_item
from dynsync_lib.report.tables import Grid, Head, Lines, show_table
from dynsync_lib.report.words import records_word, system_word, table_word

_SYSTEM: Final = Head("System")
_RECORDS: Final = Head("Records")
_MOST_CODES: Final = 20


class Planned(Protocol):
    """A rehearsal, as far as its plan is shown."""

    @property
    def info(self) -> Mapping[str, Any]:
        """`rehearsal.json`."""


class Setting(Protocol):
    """A setting to make in HubSpot: on which page, what, and the choice."""

    @property
    def where(self) -> str: ...
    @property
    def setting(self) -> str: ...
    @property
    def value(self) -> str: ...


class Standing(Protocol):
    """What stands in the test portals after seeding."""

    @property
    def ids(self) -> Mapping[str, Sized]: ...
    @property
    def associations(self) -> int: ...
    @property
    def refused(self) -> Sequence[Mapping[str, str]]: ...
    @property
    def left_out(self) -> Mapping[tuple[str, str, str], int]: ...
    @property
    def unchecked(self) -> Sequence[str]: ...
    @property
    def is_in_order(self) -> bool: ...


class Written(Protocol):
    """What the sync wrote; records by system and object, such as `hubspot contact`."""

    @property
    def created(self) -> Mapping[str, int]: ...
    @property
    def updated(self) -> Mapping[str, int]: ...
    @property
    def associated(self) -> int: ...
    @property
    def refused(self) -> Mapping[str, int]: ...


class Going(Protocol):
    """What a clean-up removes."""

    @property
    def count(self) -> int: ...
    @property
    def others(self) -> Mapping[str, Mapping[str, object]]: ...
    def counts(self) -> Sequence[Mapping[str, Any]]:
        """By system and object: look_alikes, made_by_sync."""


class Gone(Protocol):
    """What a clean-up removed, with its proof."""

    @property
    def removal(self) -> Going: ...
    @property
    def changed_since_seeding(self) -> Sequence[str] | None: ...
    @property
    def not_checked(self) -> str: ...


def plan_table(rehearsal: Planned) -> Piece:
    """What a rehearsal would write into each test portal, and how much of the forecast that shows.

    >>> plan = kit.plan_rehearsal("out/demo/snapshot", "out/demo/dynsync.toml", "out/shown", key=bytes(32))
    >>> print("Shown:", kit.plan_table(plan))
    Shown: 2... of 2... things that the forecast says are shown
    """
    info = rehearsal.info
    shown, left = len(info["covered"]), len(info["not_covered"])
    rows = [
        [system_word(name), row["records"], row["associations"], row["requests"], row["created_by_sync"]]
        for name, row in info["writes"].items()
    ]
    heads = [
        _SYSTEM,
        Head("Look-alikes", "number"),
        Head("Associations", "number"),
        Head("Requests, about", "number"),
        Head("The sync then creates", "number"),
    ]
    caption = f"{shown:,} of {shown + left:,} things that the forecast says are shown"
    return show_table(Grid(caption, heads, rows, unit="systems"))


def not_shown_table(rehearsal: Planned) -> Piece:
    """What the forecast says and the rehearsal cannot show, with the reason.

    >>> kit.not_shown_table(kit.Rehearsal("out/rehearsal", {"not_covered": []}))
    Not shown.
    """
    left = rehearsal.info["not_covered"]
    rows = [[say_item(row["id"], row["words"]), row["why"]] for row in left]
    caption = counted(len(rows), "thing is not shown", "things are not shown") if rows else "Not shown."
    empty = "The rehearsal shows all that the forecast says."
    return show_table(Grid(caption, [Head("The forecast says"), Head("Why it is not shown")], rows, empty=empty))


def lacking_table(rehearsal: Planned) -> Piece:
    """What portals fresh from their vendors lack for this rehearsal, and where it is added.

    >>> kit.lacking_table(kit.Rehearsal("out/rehearsal", {"lacking": []}))
    To add in the test portals.
    """
    rows = [[system_word(row["system"]), row["words"], row["how"]] for row in rehearsal.info["lacking"]]
    heads = [_SYSTEM, Head("What fresh portals lack"), Head("Where to add it")]
    caption = counted(len(rows), "thing to add", "things to add") if rows else "To add in the test portals."
    return show_table(Grid(caption, heads, rows, unit="things", empty="Fresh portals have all that is needed."))


def settings_table(settings: Sequence[Setting]) -> Piece:
    """The settings to make in HubSpot before the real sync is switched on: one row a page.

    >>> kit.settings_table([kit.SettingToMake("CRM Syncs > Contacts", "contact", "Sync", "on")])
    1 setting to make
    """
    pages: dict[str, list[str]] = {}
    for row in settings:
        pages.setdefault(row.where, []).append(f"{row.setting}: {row.value}")
    rows = [[page, Lines(lines[0], further=tuple(lines[1:]))] for page, lines in pages.items()]
    caption = counted(len(settings), "setting to make", "settings to make")
    return show_table(Grid(caption, [Head("Page"), Head("Setting: choice")], rows, unit="pages"))


def seeded_table(seeded: Standing) -> Piece:
    """How many look-alikes stand in the test portals, by table; what was refused or left out is said below.

    >>> kit.seeded_table(kit.Seeded({}, {"hubspot/contacts": {"1": "101"}}, associations=1))
    1 look-alike stands in the test portals, with 1 association
    """
    rows = [[system_word(_side(name)), table_word(name), len(ids)] for name, ids in sorted(seeded.ids.items()) if ids]
    count = sum(len(ids) for ids in seeded.ids.values())
    caption = (
        f"{counted(count, 'look-alike stands', 'look-alikes stand')} in the test portals, with "
        f"{counted(seeded.associations, 'association', 'associations')}"
    )
    heads = [_SYSTEM, Head("Table"), Head("Look-alikes", "number")]
    return show_table(Grid(caption, heads, rows, unit="tables", note=" ".join(_remarks(seeded))))


def _remarks(seeded: Standing) -> list[str]:
    codes = some_of(sorted({refusal["code"] for refusal in seeded.refused}), _MOST_CODES)
    remarks = [f"Refused: {counted(len(seeded.refused), 'look-alike', 'look-alikes')} ({codes})."] if codes else []
    remarks += [
        f"Left out: {table}.{field} of {count:,}: {why}." for (table, field, why), count in seeded.left_out.items()
    ]
    remarks += [f"Not checked: what the caller may write in {system_word(name)}." for name in seeded.unchecked]
    if not seeded.is_in_order:
        remarks.append("HubSpot gave ids in another order than planned: which record comes first may differ.")
    return remarks


def written_table(ran: Written) -> Piece:
    """What the sync created and changed, by system and object.

    >>> kit.written_table(kit.Ran({"hubspot company": 2}, {"dynamics deal": 3}, 4, {}))
    2 records created, 3 changed, 4 associations made
    """
    kinds = sorted({*ran.created, *ran.updated})
    rows = [[_kind_word(kind), ran.created.get(kind, 0), ran.updated.get(kind, 0)] for kind in kinds]
    refused = ", ".join(f"{count:,} {code}" for code, count in sorted(ran.refused.items()))
    caption = (
        f"{counted(sum(ran.created.values()), 'record', 'records')} created, {sum(ran.updated.values()):,} changed, "
        f"{counted(ran.associated, 'association', 'associations')} made"
    )
    heads = [_RECORDS, Head("Created", "number"), Head("Changed", "number")]
    note = f"Refused: {refused}." if refused else ""
    return show_table(Grid(caption, heads, rows, unit="kinds of record", note=note))


def removal_table(removal: Going) -> Piece:
    """What a clean-up removes: look-alikes, and what the sync made of them.

    >>> kit.removal_table(kit.Removal({}, {}, {}))
    To remove.
    """
    rows = [
        [records_word(row["object"], row["system"]), row["look_alikes"], row["made_by_sync"]]
        for row in removal.counts()
    ]
    caption = counted(removal.count, "record of the rehearsal", "records of the rehearsal") if rows else "To remove."
    heads = [_RECORDS, Head("Look-alikes", "number"), Head("Made by the sync", "number")]
    empty = "The test portals hold nothing of this rehearsal."
    return show_table(Grid(caption, heads, rows, unit="kinds of record", empty=empty))


def removal_proof(cleaned: Gone) -> Piece:
    """What was removed, and that nothing else has changed, in sentences.

    >>> kit.removal_proof(kit.Cleaned(kit.Removal({}, {}, {}), []))
    0 records are removed. No other record is there. The portals are as they were before the seeding.
    """
    others = sum(int(str(fingerprint["rows"])) for fingerprint in cleaned.removal.others.values())
    removed = counted(cleaned.removal.count, "record is", "records are")
    sentences = [
        f"{removed} removed.",
        f"All {others:,} other records are as they were before." if others else "No other record is there.",
    ]
    changed = cleaned.changed_since_seeding
    if cleaned.not_checked:
        sentences.append(cleaned.not_checked)
    elif changed:
        names = ", ".join(f"{system_word(_side(name))} {table_word(name)}" for name in changed)
        sentences.append(f"Since the seeding somebody, or the sync, changed other records: {names}.")
    else:
        sentences.append("The portals are as they were before the seeding.")
    return Piece(render("sentences", sentences=sentences, is_known=not cleaned.not_checked), " ".join(sentences))


def _side(name: str) -> str:
    return name.partition("/")[0]


def _kind_word(kind: str) -> str:
    system, _, object_ = kind.partition(" ")
    return records_word(object_, System(system))
