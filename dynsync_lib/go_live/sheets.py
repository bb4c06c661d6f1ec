"""The sheets of the go-live pack that are short: what to do, to watch, to pause, to check and to try.

Facts
    * What nobody told the kit is `not checked`, with where to look; a cell is empty only where there is nothing to say.
    * At `counts`, numbers of fewer than five people are told as that.

Where it is used: `go_live.pack`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.lookup_names import lookup_of
from dynsync_lib.core.masking import Masking, may_be_people, round_to_fives
from dynsync_lib.core.model import PERSONS, Direction, Object, System
from dynsync_lib.core.tables import HELD_BACK, Right, privilege
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.replay_folder import Replay
from dynsync_lib.go_live.enrolments import Enrolment, knows_matches
from dynsync_lib.go_live.texts import read_texts, why_set_once
from dynsync_lib.report.forecast_tables import is_compared
from dynsync_lib.report.watch_plan import say_stop
from dynsync_lib.report.words import object_word, system_word
from dynsync_lib.report.work_plan import plan_work
from dynsync_lib.verification.sync_health import watch_rows

NOT_CHECKED: Final = "not checked"
CREATED: Final = "Created"
VALUES_BEFORE: Final = "Values before"
_RIGHTS: Final[Mapping[str, tuple[tuple[Right, ...], str]]] = {
    "read": (("Read",), "caller_sees_all_rows"),
    "write": (("Create", "Write"), "sync_user_may_write"),
}
"""By what a right is for: Dataverse's rights on the table, and the question to an administrator about them."""
_OPEN: Final = "to do"
Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class Material:
    """What the sheets are made of. `replay` is None where none was named; `custom_tables` are the texts behind the
    finding G56, None where they cannot be listed; `not_checked` says in sentences what the numbers rest on and nobody
    checked.
    """

    forecast: Forecast
    masking: Masking
    enrolments: Sequence[Enrolment]
    replay: Replay | None
    custom_tables: Sequence[str] | None
    not_checked: Sequence[str] = ()

    @property
    def incomplete(self) -> tuple[str, ...]:
        """The parts of the rollback that may lack rows, by their titles."""
        knows_matches = all(entry.is_known for entry in self.enrolments)
        knows_values = knows_matches and all(entry.is_whole for entry in self.enrolments)
        return (*(() if knows_matches else (CREATED,)), *(() if knows_values else (VALUES_BEFORE,)))

    def least(self, object_: str | None, number: int, *, is_whole: bool) -> object:
        """A number as it may be shown where there may be more: `at least` so many, of none `not checked`."""
        if is_whole:
            return self.told(object_, number)
        return f"at least {self.told(object_, number):,}" if number else NOT_CHECKED

    def count(self, object_: str | None, number: int | None) -> object:
        """A number as it may be shown; `not checked` for None."""
        return NOT_CHECKED if number is None else self.told(object_, number)

    def told(self, object_: str | None, number: int) -> int:
        """A number as it may be shown: totals stand beside their parts, so at `counts` both are rounded."""
        return round_to_fives(number) if self.masking is Masking.COUNTS and may_be_people(object_) else number

    def findings(self, check_id: str) -> list[dict[str, Any]]:
        """The findings of an audit rule."""
        return self.forecast.rows("findings", where={"check_id": check_id})


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its title, heading and width of each column, and the rows of the material."""

    title: str
    columns: Sequence[tuple[str, int]]
    rows: Callable[[Material], Iterator[Row]]


def _checklist(material: Material) -> Iterator[Row]:
    for planned in plan_work(material.forecast):
        task = planned.task
        states = [row for row in task.findings(material.forecast.rows("findings")) if row["count"] is None]
        because = ("Every first sync needs it.",) if not planned.because else planned.because
        shown = because if material.masking is not Masking.COUNTS or not task.checks else (", ".join(task.checks),)
        state = NOT_CHECKED if states and len(states) == len(planned.because) else _OPEN
        yield task.when, task.task, task.who, state, planned.hours, task.done, " ".join(shown)


def _first_48_hours(material: Material) -> Iterator[Row]:
    counts = {
        (row["system"], row["object"], row["outcome"], row["reason"]): Counter({"forecast": row["count"]})
        for row in material.forecast.rows("summary")
    }
    for row in watch_rows(counts):
        words = (system_word(row["system"]), object_word(row["object"], row["system"]))
        number = material.count(row["object"], row["records"])
        yield row["health"], *words, row["predicted"], row["predicted_reason"], number, row["look_at"]
    yield "stop rule", None, None, None, None, None, f"{say_stop(material.forecast)}. Look after 1, 4, 24 and 48 hours."
    for sentence in material.not_checked:
        yield NOT_CHECKED, None, None, None, None, None, sentence


def _automations(material: Material) -> Iterator[Row]:
    for entry in material.enrolments:
        words = (system_word(entry.system), object_word(entry.object, entry.system))
        numbers = _entering(material, entry)
        what = "workflows" if entry.system is System.HUBSPOT else "Power Automate flows, plug-ins and classic workflows"
        yield *words, *numbers, f"Pause what a new or changed record starts: {what}.", NOT_CHECKED
    for row in material.findings("G43"):
        state = NOT_CHECKED if row["count"] is None else "answered"
        yield "Both systems", "Several", None, None, material.count(None, row["count"]), row["sentence"], state


def _entering(material: Material, entry: Enrolment) -> Sequence[object]:
    """Records created, updated, and both together, as far as they are known."""
    if not entry.is_known:
        return (NOT_CHECKED,) * 3
    created = material.count(entry.object, entry.created)
    both = (entry.updated, entry.records)
    return (created, *(material.least(entry.object, number, is_whole=entry.is_whole) for number in both))


def _rights(material: Material) -> Iterator[Row]:
    for name, sync in (material.forecast.info.get("objects") or {}).items():
        direction = Direction(sync["direction"])
        for entry in read_texts("right"):
            if entry["needs"] == "read" or direction.writes_to(System.DYNAMICS):
                words = (system_word(entry["system"]), object_word(name, entry["system"]))
                yield (
                    *words,
                    entry["right"],
                    _state_of_right(material, name, entry["needs"]),
                    entry["why"],
                    entry["rule_id"],
                )
    yield (
        *("HubSpot", "Several", "Super admin, or the App Marketplace permission", NOT_CHECKED),
        *("HubSpot's page asks it of the person who connects the app; no API that is read shows it.", None),
    )


def _state_of_right(material: Material, object_: str, needs: str) -> str:
    """What is known of a right: settings, the administrator's answer and a pull say when it is not there."""
    if needs == "write" and material.forecast.rows("summary", where={"object": object_, "reason": "privilege"}):
        return "lacking, as the settings say"
    rights, question = _RIGHTS[needs]
    answers = (material.forecast.info.get("settings") or {}).get("answers") or {}
    if question in answers:
        return f"{'there' if answers[question] else 'lacking'}, as an administrator answered"
    said = " ".join(row["sentence"] for row in material.findings("G50") if row["count"])
    is_lacking = any(privilege(right, Object(object_)) in said for right in rights)
    return "lacking, if the sync signs in as the user who pulled" if is_lacking else NOT_CHECKED


def _custom_tables(material: Material) -> Iterator[Row]:
    verdict = "Data Sync can sync it and keeps none of its associations."
    for text in material.custom_tables or ():
        table, _, lookups = text.partition(": ")
        yield table, lookups, NOT_CHECKED, verdict, f"All through {lookups} are lost."
    if not material.custom_tables:
        findings = material.findings("G56")
        says = findings[0]["sentence"] if findings else "No lookup of a synced table points to a custom table."
        yield "all", None, NOT_CHECKED, says, "Custom tables to which no lookup points are not known."


def _embed(material: Material) -> Iterator[Row]:
    del material
    for entry in read_texts("embed"):
        yield entry["question"], NOT_CHECKED, entry["how"]


def _create_only(material: Material) -> Iterator[Row]:
    overwrites: Counter[tuple[str, str, str]] = Counter()
    for row in material.forecast.counts("changes", ["object", "target_system", "target_field", "kind", "note"]):
        if row["kind"] == "overwrite" and row["note"] not in HELD_BACK:
            overwrites[row["object"], row["target_system"], row["target_field"]] += row["count"]
    known = 0
    for mapping in material.forecast.rows("mapping"):
        why = _why_create_only(mapping["hubspot_field"], mapping["dynamics_field"])
        if why is not None:
            known += 1
            object_ = mapping["object"]
            into = (
                overwrites[object_, system.value, mapping[f"{system.value}_field"]] if is_compared(mapping) else None
                for system in (System.HUBSPOT, System.DYNAMICS)
            )
            numbers = (material.count(object_, number) for number in into)
            fields = (mapping["hubspot_field"], mapping["dynamics_field"], mapping["allowed_directions"])
            advice = "Take it out of the mapping, or let a workflow copy it once into a field that is not mapped."
            yield object_word(object_), *fields, *numbers, why, advice
    for finding in material.findings("G33"):
        yield "Several", None, None, None, None, None, finding["sentence"], finding["fix"]
    if not known:
        yield "All", None, None, None, None, None, _NONE_KNOWN, "Ask which fields are set once, and who sets them."


_NONE_KNOWN: Final = "No mapping is of a field of which the kit knows that it is mostly set once."


def _why_create_only(*fields: str) -> str | None:
    """Why a mapping of these fields is mostly meant for new records alone; None when it is not."""
    reasons = (why_set_once(lookup_of(name).casefold()) for name in fields)
    return next(filter(None, reasons), None)


def _cannot_undo(material: Material) -> Iterator[Row]:
    del material
    for entry in read_texts("cannot_undo"):
        yield entry["what"], entry["why"], entry["rule_id"]


_REPLAYED: Final = {
    "one_side_changed": "Values that travelled: one side had changed",
    "both_changed": "Conflicts: both sides had changed, and differed",
    "escapes": "Pairs that escaped their filter",
}
_AFTERWARDS: Final = (
    ("G48", "Pairs of which a record was deleted or merged away"),
    ("G49", "Merges that are planned for after go-live"),
    ("G04", "Leads and contacts that share an address, which a qualification leaves behind"),
)


def _afterwards(material: Material) -> Iterator[Row]:
    for name, words in _REPLAYED.items():
        number = None if material.replay is None else int(material.replay.info["counts"].get(name, 0))
        yield words, material.count(None, number), "dynsync replay BEFORE AFTER, then --replay FOLDER here"
    knows_people = all(knows_matches(material.forecast, object_) for object_ in PERSONS)
    with_bindings = bool(material.forecast.info.get("bindings"))
    for check_id, words in _AFTERWARDS:
        counts = [row["count"] for row in material.findings(check_id) if row["rule_id"] not in _OTHER_RULES]
        is_asked = check_id == "G04" or bool(counts) or (check_id == "G48" and with_bindings)
        number = None if not is_asked or None in counts else sum(counts)
        is_whole = check_id != "G04" or knows_people
        shown = material.count(None, None) if number is None else material.least(None, number, is_whole=is_whole)
        yield words, shown, _WHERE[check_id]


_OTHER_RULES: Final = ("record.bindings",)
"""Rules of findings that bear the number of an audit rule and count something else: pairs that name no record."""
_WHERE: Final = {
    "G48": "dynsync forecast of a later snapshot with --bindings (G48)",
    "G49": "planned_merges under [answers] (G49)",
    "G04": "dynsync audit --records G04",
}


def _drill(material: Material) -> Iterator[Row]:
    del material
    for number, entry in enumerate(read_texts("drill"), start=1):
        yield number, entry["event"], entry["steps"], entry["seen"], entry["rule_id"], None


_WIDE: Final = 60
SHEETS: Final = (
    Sheet(
        "Checklist",
        (
            *(("When", 9), ("Task", _WIDE), ("Who", 26), ("State", 13)),
            *(("Hours", 8), ("Done when", _WIDE), ("Because", _WIDE)),
        ),
        _checklist,
    ),
    Sheet(
        "First 48 hours",
        (
            *(("Sync Health", 13), ("System", 12), ("Records", 14), ("Forecast", 12)),
            *(("Reason", 20), ("Number", 10), ("Look at", 90)),
        ),
        _first_48_hours,
    ),
    Sheet(
        "Automations to pause",
        (
            *(("System", 14), ("Records", 14), ("Created", 10), ("Updated", 10)),
            *(("Would enter", 12), ("What to do", 70), ("State", 13)),
        ),
        _automations,
    ),
    Sheet(
        "Rights",
        (("System", 12), ("Records", 14), ("Right", 44), ("State", 34), ("Why", 80), ("Rule", 28)),
        _rights,
    ),
    Sheet(
        "Custom tables",
        (("Table", 26), ("Lookups", 40), ("Records", 13), ("Verdict", 70), ("Lost associations", 50)),
        _custom_tables,
    ),
    Sheet("HubSpot Embed", (("Question", 70), ("State", 13), ("How to find out", 80)), _embed),
    Sheet(
        "Create only",
        (
            *(("Records", 14), ("HubSpot property", 24), ("Dynamics column", 24), ("Flows", 14)),
            *(("Overwritten in HubSpot", 14), ("Overwritten in Dynamics", 14), ("Why", _WIDE), ("Advice", _WIDE)),
        ),
        _create_only,
    ),
    Sheet("Cannot be undone", (("What", 70), ("Why, and what to do", 90), ("Rule", 28)), _cannot_undo),
    Sheet("After go-live", (("What", 70), ("Number", 14), ("Where it comes from", 60)), _afterwards),
    Sheet(
        "Drill",
        (
            *(("Number", 8), ("Event", 34), ("Steps in the test portals", 70), ("What will be seen", 70)),
            *(("Rule", 28), ("Seen on, by", 24)),
        ),
        _drill,
    ),
)
"""In the order in which they are used."""
