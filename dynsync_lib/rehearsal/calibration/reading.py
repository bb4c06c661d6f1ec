"""Which choice of each question holds, read from two states of the portals: before the sync, and after it.

Facts
    * A choice holds when everything that the pack watches is as that choice leaves it, and no choice that leaves
      something else does so. What fits no choice, or was disturbed before the sync, is named and not guessed at.
    * Questions touch each other: once some are answered otherwise than the settings say, what the choices of all
      questions leave behind is foreseen again under these answers, until no answer changes. So the answers hold
      together, or are none.
    * Where a portal gave its records other times than were planned, what the choices leave is foreseen with its own.

Where it is used: `rehearsal.calibration`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dynsync_lib.core.keys import trim
from dynsync_lib.emulator.witness.witness_store import Record
from dynsync_lib.rehearsal.calibration.crafted_world import KINDS, CraftedWorld, craft_world, ids_of, kind_of
from dynsync_lib.rehearsal.calibration.foreseen import Foreseer, Leaves
from dynsync_lib.rehearsal.calibration.packs import Pack
from dynsync_lib.rehearsal.calibration.watched_points import PortalState, Watcher

MOST_ROUNDS: Final = 5
"""How often answers are asked to hold together before those that still change count as none."""
_FITS_NONE: Final = "Cannot tell: what is there is what none of the choices leaves."
TIMES: Final = frozenset({"createdon", "modifiedon", "createdate", "lastmodifieddate", "hs_lastmodifieddate"})
"""What a portal says by itself of when a record was made and changed."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line that was looked at: what is there, in which records, and what each choice would have left."""

    point: str
    records: tuple[str, ...]
    is_there: str
    left_by: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of one question. `choice` is None when nobody can tell, and `why` says why.

    `also` are further choices that no records tell apart from it. `evidence` is empty when nothing was looked at.
    `provided` is what must have been set up by hand for the answer to hold, blank for nothing.
    """

    question: str
    choice: str | None
    why: str
    also: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    provided: str = ""

    def line(self) -> str | None:
        """The line for `[assumptions]` of `dynsync.toml`; None without a choice."""
        if self.choice is None:
            return None
        line = f'{self.question} = "{self.choice}"'
        return f"{line}  # provided that it was set up: {self.provided}" if self.provided else line


@dataclass(frozen=True, slots=True)
class Portals:
    """Both states, and where the packs' records are: `ids` has the portal's own id by `question/name`."""

    before: PortalState
    after: PortalState
    ids: Mapping[str, str]
    marks: Mapping[str, str]

    def watcher(self, pack: Pack) -> Watcher:
        """What the states show of one pack."""
        return Watcher(self.before, self.after, ids_of(pack.question, self.ids), self.marks[pack.question])


def read_answers(
    foreseer: Foreseer, packs: Sequence[Pack], planned: Mapping[str, Leaves], portals: Portals
) -> list[Answer]:
    """An answer for each pack, in their order. `planned` is, by question, what was foreseen of it before the sync.

    Computes: nothing is foreseen again where every answer is the one in force, else some forecasts of a few records.
    """
    worlds = {pack.question: _world_before(foreseer, pack, portals) for pack in packs}
    known = {(name, frozenset[tuple[str, str]]()): leaves for name, leaves in planned.items() if worlds[name] is None}
    in_force: dict[str, str] = {}
    for _ in range(MOST_ROUNDS):
        answers: list[Answer] = []
        for pack in packs:
            world = worlds[pack.question]
            if isinstance(world, Answer):
                answers.append(world)
                continue
            others = {name: choice for name, choice in in_force.items() if name != pack.question}
            asked = (pack.question, frozenset(others.items()))
            if asked not in known:
                known[asked] = foreseer.leaves(pack, world, **others)
            answers.append(_answer(foreseer, pack, known[asked], portals.watcher(pack)))
        read = _other_answers(foreseer, answers)
        if read == in_force:
            return answers
        changed = {name for name in {*read, *in_force} if read.get(name) != in_force.get(name)}
        in_force = read
    return [_unsteady(answer, changed) for answer in answers]


def _other_answers(foreseer: Foreseer, answers: Iterable[Answer]) -> dict[str, str]:
    """The choices that were read and are not those of the settings."""
    settings = foreseer.settings.assumptions
    return {
        answer.question: answer.choice
        for answer in answers
        if answer.choice is not None and settings[answer.question] not in (answer.choice, *answer.also)
    }


def _unsteady(answer: Answer, changed: Iterable[str]) -> Answer:
    if answer.question not in changed:
        return answer
    why = "Cannot tell: its answer and those to other questions do not hold together."
    return replace(answer, choice=None, also=(), why=why)


# --- Before the sync -----------------------------------------------------------------------------------------------


def _world_before(foreseer: Foreseer, pack: Pack, portals: Portals) -> CraftedWorld | Answer | None:
    """The pack's records with the portal's own times; None when all is as planned, an answer when it is of no use."""
    world = craft_world([pack], foreseer.catalogue, tag=foreseer.tag, person=foreseer.person)
    watcher = portals.watcher(pack)
    rows = {table: dict(planned) for table, planned in world.rows.items()}
    is_planned = True
    for name, id_ in world.names_of(pack.question).items():
        values, record = rows[KINDS[kind_of(name)]][id_], watcher.earlier(name)
        fault = f"{name} was not in the portal" if record is None else _disturbed(name, values, record)
        if record is None or fault:
            return Answer(pack.question, None, f"Cannot tell: {fault} before the sync.")
        times = {column: record.get(column) for column in values if column in TIMES}
        is_planned = is_planned and all(values[column] == moment for column, moment in times.items())
        rows[KINDS[kind_of(name)]][id_] = {**values, **times}
    own_times = {table: list(records.items()) for table, records in rows.items()}
    return None if is_planned else replace(world, rows=own_times)


def _disturbed(name: str, values: Mapping[str, str | None], record: Record) -> str:
    """A sentence without an end about a value that is not as it was planned; blank when all are.

    Lookups and owners are not compared: the portal's ids are its own.
    """
    for column, text in values.items():
        if column in TIMES or column.startswith("_") or text is None:
            continue
        if trim(record.get(column) or "") != trim(text) or _is_blank_lost(text, record.get(column)):
            return f"{column} of {name} was not what was written"
    return ""


def _is_blank_lost(planned: str, held: str | None) -> bool:
    """Whether outer blanks that a pack is about were taken away."""
    return planned != trim(planned) and held != planned


# --- After it ------------------------------------------------------------------------------------------------------


def _answer(foreseer: Foreseer, pack: Pack, leaves: Leaves, watcher: Watcher) -> Answer:
    seen = tuple(watcher.at(point) for point in pack.watch)
    evidence = tuple(
        Evidence(point, _records(point, watcher), value, {choice: left[index] for choice, left in leaves.items()})
        for index, (point, value) in enumerate(zip(pack.watch, seen, strict=True))
    )
    fitting = [choice for choice, left in leaves.items() if left == seen]
    if not fitting:
        return Answer(pack.question, None, _FITS_NONE, evidence=evidence)
    if set(fitting) != set(pack.alike(fitting[0])):
        names = " and ".join((", ".join(fitting[:-1]), fitting[-1]))
        why = f"Cannot tell: {names} leave the same here, as other questions are answered."
        return Answer(pack.question, None, why, evidence=evidence)
    in_force = foreseer.settings.assumptions[pack.question]
    choice = in_force if in_force in fitting else fitting[0]
    also = tuple(other for other in fitting if other != choice)
    why = pack.same_why if also else _sentence(pack, seen)
    return Answer(pack.question, choice, why, also, evidence, pack.needs)


def _sentence(pack: Pack, seen: Sequence[str]) -> str:
    lines = "; ".join(f"{point}: {value or 'nothing'}" for point, value in zip(pack.watch, seen, strict=True))
    return f"Only this choice leaves {lines}."


def _records(point: str, watcher: Watcher) -> tuple[str, ...]:
    """The portal's ids of the records that a watched line looks at."""
    subject = point.partition(" -> ")[0].partition(".")[0]
    if subject.startswith("new "):
        return tuple(record.record_id for record in watcher.new_records(KINDS[subject.removeprefix("new ")]))
    return (watcher.ids[subject],)
