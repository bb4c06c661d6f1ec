"""The plan that settles a customer's open questions, and the answers once it was carried out.

Facts
    * A plan is the folder `calibration` of a rehearsal: `calibration.json` with every question, what is written for it
      and what each choice would leave behind, and beside it a folder for each run, which is a rehearsal of its own.
    * Questions that move this customer's figures come first: the plan's forecast says by how many records.
    * A question about owners is tried when a person is known who is in both test portals, which their snapshot says.

Where it is used: `kit.trials`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import dynsync_lib
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.errors import UsageError
from dynsync_lib.folders.own_folder import Content, FolderKind
from dynsync_lib.folders.replaced_folder import replaced_folder
from dynsync_lib.forecasts.open_snapshot import read_catalogue
from dynsync_lib.rehearsal.calibration.crafted_world import CraftedWorld, SharedPerson, catalogue_of, craft_world
from dynsync_lib.rehearsal.calibration.foreseen import Foreseer, Leaves, open_foreseer
from dynsync_lib.rehearsal.calibration.packs import Pack, Packs, Run
from dynsync_lib.rehearsal.calibration.reading import Answer, Portals, read_answers
from dynsync_lib.rehearsal.calibration.run_folders import write_run
from dynsync_lib.rehearsal.calibration.snapshot_state import SnapshotState, portal_ids, shared_person
from dynsync_lib.rehearsal.journal import Journal
from dynsync_lib.rehearsal.rehearsal_folder import (
    KEY_FILE,
    TAG_DIGITS,
    Rehearsal,
    open_rehearsal,
    read_plan_file,
)
from dynsync_lib.rehearsal.standing import begin_of
from dynsync_lib.shapes import Named
from dynsync_lib.snapshot.snapshot import open_snapshot

CALIBRATION: Final = "calibration"
CALIBRATION_FILE: Final = "calibration.json"
_VERSION: Final = 1
_AGAIN: Final = "Move the folder away and run `dynsync calibrate` again."
_NO_OWNER: Final = (
    "Not tried: nobody is known who is an owner in the HubSpot test portal and a user in the Dynamics one, by one"
    " address. Invite one to both and run `dynsync rehearse seed` before the plan is made."
)
_RUN_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Of what was not read but written by hand."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A plan. `info` is `calibration.json`:

    version, kit_version, rulebook_version, person (or null), questions (question, asks, in_force, moves, run (null: no
    run), why, says, needs, records, watch, leaves, same, same_why) in the order of what they move, and runs (run, says,
    tag, questions, fields, needs).
    """

    folder: Path
    info: Mapping[str, Any]

    @property
    def person(self) -> SharedPerson | None:
        """Who was known to be in both test portals when the plan was made."""
        return SharedPerson(**self.info["person"]) if self.info["person"] else None

    def run_folder(self, run: str) -> Path:
        """The folder of a run, which is a rehearsal."""
        return self.folder / run

    def runs_to_make(self) -> list[str]:
        """The runs that were not read back yet, without those that need fields of their own."""
        runs = [row["run"] for row in self.info["runs"] if not row["fields"]]
        return [run for run in runs if not open_rehearsal(self.run_folder(run)).after_path.exists()]

    def refuse_beside_another(self, run: str) -> None:
        """Raises UsageError for a run that the plan does not have, and while another one stands in the portals."""
        runs = [row["run"] for row in self.info["runs"]]
        if run not in runs:
            raise UsageError(f"There is no run {run}.", next_step=f"Name one of: {', '.join(runs)}.")
        for other in runs:
            path = open_rehearsal(self.run_folder(other)).journal_path
            if other != run and begin_of(Journal(path)) is not None:
                raise UsageError(
                    f"The run {other} still stands in the test portals, and would be synced by the run {run}.",
                    next_step=f"Run `dynsync rehearse clean {self.run_folder(other)}` first.",
                )


def plan_calibration(rehearsal: Rehearsal, rulebook: Rulebook, packs: Packs) -> Calibration:
    """The plan of a rehearsal's open questions; one that is there already stays as it is. No portal is asked.

    Computes a forecast of a few records for each choice. Raises SnapshotError when the rehearsal cannot be read.
    """
    folder = rehearsal.folder / CALIBRATION
    if (folder / CALIBRATION_FILE).is_file():
        return open_calibration(rehearsal)
    person = shared_person(open_snapshot(rehearsal.before_path)) if rehearsal.before_path.exists() else None
    key = bytes.fromhex((rehearsal.folder / KEY_FILE).read_text(encoding="ascii").strip())
    portals = rehearsal.settings_path.read_text(encoding="utf-8")
    rows, runs = dict[str, dict[str, Any]](), list[dict[str, Any]]()
    with replaced_folder(folder, CALIBRATION_FOLDER) as folders, PolarsEngine() as engine:
        for run in packs.runs:
            foreseer = open_foreseer(engine, rulebook, run, tag=_tag(key, rehearsal.tag, run.id), person=person)
            tried = tried_packs(run, person)
            rows |= {pack.question: _pack_row(foreseer, pack) for pack in tried}
            write_run(foreseer, tried, folders.new / run.id, portals=portals, key=key, moment=_RUN_MOMENT)
            runs.append(_run_row(foreseer, tried))
        info = {
            "version": _VERSION,
            "kit_version": dynsync_lib.__version__,
            "rulebook_version": rulebook.version,
            "person": None if person is None else asdict(person),
            "questions": _question_rows(rehearsal, rulebook, packs, rows),
            "runs": runs,
        }
        text = json.dumps(info, indent=2, ensure_ascii=False) + "\n"
        (folders.new / CALIBRATION_FILE).write_text(text, encoding="utf-8")
    return Calibration(folder, info)


def open_calibration(rehearsal: Rehearsal) -> Calibration:
    """The plan in a rehearsal's folder. Raises SnapshotError when it is none, or not one that this kit can read."""
    folder = rehearsal.folder / CALIBRATION
    info = read_plan_file(folder / CALIBRATION_FILE, _VERSION, _INFO, next_step=_AGAIN)
    return Calibration(folder, info)


def tried_packs(run: Run, person: SharedPerson | None) -> list[Pack]:
    """The packs of a run that can be tried: those about owners need a person who is in both portals."""
    return [pack for pack in run.packs if person is not None or not pack.uses_owner]


def read_calibration(calibration: Calibration, rulebook: Rulebook, packs: Packs) -> list[Answer]:
    """An answer for each question of the plan, in its order; of runs that were not read back yet it says so.

    `packs` are those that the plan was made of.
    """
    person = calibration.person
    rows = {row["question"]: row for row in calibration.info["questions"]}
    answers: dict[str, Answer] = {}
    with PolarsEngine() as engine:
        for row in calibration.info["runs"]:
            run = packs.run(row["run"])
            rehearsal = open_rehearsal(calibration.run_folder(run.id))
            other = _other_fields(run, rehearsal)
            if other:
                why = f"Cannot tell: the test portals did not have what the run needs. {other}"
                answers |= {name: Answer(name, None, why) for name in row["questions"]}
            elif rehearsal.after_path.exists() and rehearsal.before_path.exists():
                foreseer = open_foreseer(engine, rulebook, run, tag=row["tag"], person=person)
                tried = tried_packs(run, person)
                planned = {pack.question: _leaves(rows[pack.question]) for pack in tried}
                read = read_answers(foreseer, tried, planned, _portals(foreseer, tried, rehearsal))
                answers |= {answer.question: answer for answer in read}
            else:
                why = f"Not tried yet: the run {run.id} is {rehearsal.step.value}."
                answers |= {name: Answer(name, None, why) for name in row["questions"]}
    return [answers.get(name) or Answer(name, None, row["why"]) for name, row in rows.items()]


def later_packs(
    calibration: Calibration, run: str, rulebook: Rulebook, packs: Packs
) -> tuple[list[Pack], CraftedWorld]:
    """The packs of a run of which something is written once more after seeding, and the run's records."""
    person = calibration.person
    row = next(row for row in calibration.info["runs"] if row["run"] == run)
    own = packs.run(run)
    tried = tried_packs(own, person)
    world = craft_world(tried, catalogue_of(own, rulebook), tag=row["tag"], person=person)
    return [pack for pack in tried if pack.afterwards], world


def _other_fields(run: Run, rehearsal: Rehearsal) -> str:
    """What the run needs of a field that stood otherwise in the portals before the sync; blank when all is well."""
    if not run.fields or not rehearsal.before_path.exists():
        return ""
    catalogue = read_catalogue(open_snapshot(rehearsal.before_path))
    for own, words in zip(run.fields, run.field_words(), strict=True):
        known = catalogue.find(own.system, own.object, own.name)
        if known is None or set(known.options) != set(own.options):
            return words
    return ""


def _portals(foreseer: Foreseer, packs: list[Pack], rehearsal: Rehearsal) -> Portals:
    before, after = (SnapshotState(open_snapshot(path)) for path in (rehearsal.before_path, rehearsal.after_path))
    world = craft_world(packs, foreseer.catalogue, tag=foreseer.tag, person=foreseer.person)
    return Portals(before, after, portal_ids(before, world.ids, foreseer.tag), world.marks)


# --- What a plan says ----------------------------------------------------------------------------------------------


def _tag(key: bytes, tag: str, run: str) -> str:
    return hmac.digest(key, f"{tag}\n{run}".encode(), hashlib.sha256).hex()[:TAG_DIGITS]


def _pack_row(foreseer: Foreseer, pack: Pack) -> dict[str, Any]:
    world = craft_world([pack], foreseer.catalogue, tag=foreseer.tag, person=foreseer.person)
    return {
        "run": foreseer.run.id,
        "why": "",
        "says": pack.says,
        "needs": pack.needs,
        "records": [world.filled(pack.question, line) for line in (*pack.records, *pack.associations)],
        "watch": list(pack.watch),
        "leaves": {choice: list(values) for choice, values in foreseer.leaves(pack).items()},
        "same": [list(choices) for choices in pack.same],
        "same_why": pack.same_why,
    }


_NOT_TRIED: Final[Mapping[str, Any]] = {
    "run": None,
    "says": "",
    "needs": "",
    "records": [],
    "watch": [],
    "leaves": {},
    "same": [],
    "same_why": "",
}


def _question_rows(
    rehearsal: Rehearsal, rulebook: Rulebook, packs: Packs, rows: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """A row for each question, those that move most records first, the others in the rulebook's order."""
    moves, in_force = moved_records(rehearsal), rehearsal.planned().info.get("assumptions", {})
    questions = sorted(rulebook.assumptions.values(), key=lambda question: -moves.get(question.id, 0))
    return [
        {
            "question": question.id,
            "asks": question.question,
            "in_force": in_force.get(question.id, question.default),
            "moves": moves.get(question.id, 0),
            **(rows.get(question.id) or {**_NOT_TRIED, "why": packs.unsettled.get(question.id, _NO_OWNER)}),
        }
        for question in questions
    ]


def moved_records(rehearsal: Rehearsal) -> dict[str, int]:
    """For each question how many records the choice that moves most of them would move, by the plan's forecast."""
    moves: dict[str, int] = {}
    for row in rehearsal.planned().rows("sensitivity"):
        moves[row["assumption_id"]] = max(moves.get(row["assumption_id"], 0), int(row["outcomes_changed"]))
    return moves


def _run_row(foreseer: Foreseer, packs: list[Pack]) -> dict[str, Any]:
    fields = [
        {"system": field.system.value, "object": field.object.value, "name": field.name}
        for field in foreseer.run.fields
    ]
    return {
        "run": foreseer.run.id,
        "says": foreseer.run.says,
        "tag": foreseer.tag,
        "questions": [pack.question for pack in packs],
        "fields": fields,
        "needs": [*foreseer.run.field_words(), *(pack.needs for pack in packs if pack.needs)],
    }


def _leaves(row: Mapping[str, Any]) -> Leaves:
    return {choice: tuple(values) for choice, values in row["leaves"].items()}


# --- The kind of folder --------------------------------------------------------------------------------------------

_INFO: Final = {
    "version": int,
    "questions": [
        {"question": str, "asks": str, "moves": int, "why": str, "leaves": Named([str]), "watch": [str], "needs": str}
    ],
    "runs": [{"run": str, "says": str, "tag": str, "questions": [str], "needs": [str]}],
}


def _nothing_replaced(_: Content) -> re.Pattern[str] | None:
    """A plan is made once, and never replaced."""
    return None


CALIBRATION_FOLDER: Final = FolderKind("a calibration", CALIBRATION_FILE, _nothing_replaced)
