"""The packs of open questions, and the law of calibration: what the witness does, `read_answers` reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random

import pytest

from dynsync_lib.emulator.witness.initial_sync import run_initial_sync
from dynsync_lib.emulator.witness.witness_store import MemoryStore
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.rehearsal.calibration.crafted_world import KINDS, SharedPerson, craft_world
from dynsync_lib.rehearsal.calibration.foreseen import Foreseer, Leaves, open_foreseer
from dynsync_lib.rehearsal.calibration.packs import Pack, Run, shipped_packs
from dynsync_lib.rehearsal.calibration.reading import Answer, Portals, read_answers
from dynsync_lib.rehearsal.calibration.watched_points import PortalState
from tests.everyday import one_of_each
from tests.fresh_seeds import seeds
from tests.opinions import SmallWorld, plan_of
from tests.rulebook_texts import shipped_rulebook

BOOK, PACKS, TAG = shipped_rulebook(), shipped_packs(), "0123456789abcdef"
PERSON = SharedPerson("77", "00000000-0000-4000-8000-0000000000a1", "owner@firm.example.com")
OF_RUNS = [pytest.param(run, pack, id=pack.question) for run in PACKS.runs for pack in run.packs]
CHOICES = [
    pytest.param(run, pack, choice, id=f"{pack.question}-{choice}")
    for run in PACKS.runs
    for pack in run.packs
    for choice in BOOK.assumptions[pack.question].built_choices
]
WHOLE_RUNS = [pytest.param(run, marks=[] if run.id == "choices" else pytest.mark.long) for run in PACKS.runs]
"""Every day the run of choices, in which three questions are asked at once."""


@dataclass
class Desk:
    """Who forecasts each run, and what was foreseen of its packs so far."""

    engine: PolarsEngine
    foreseers: dict[str, Foreseer]
    planned: dict[str, Leaves]

    def foreseer(self, run: Run) -> Foreseer:
        if run.id not in self.foreseers:
            self.foreseers[run.id] = open_foreseer(self.engine, BOOK, run, tag=TAG, person=PERSON)
        return self.foreseers[run.id]

    def leaves(self, run: Run, pack: Pack) -> Leaves:
        if pack.question not in self.planned:
            self.planned[pack.question] = self.foreseer(run).leaves(pack)
        return self.planned[pack.question]

    def read(self, run: Run, packs: list[Pack], portals: Portals) -> list[Answer]:
        planned = {pack.question: self.leaves(run, pack) for pack in packs}
        return read_answers(self.foreseer(run), packs, planned, portals)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with PolarsEngine() as engine:
        yield Desk(engine, {}, {})


def synced(desk: Desk, run: Run, choices: Mapping[str, str]) -> Portals:
    """Both portals of a whole run before and after the witness's sync under these choices."""
    foreseer = desk.foreseer(run)
    world = craft_world(run.packs, foreseer.catalogue, tag=TAG, person=PERSON)
    before, after = world.store(foreseer.catalogue), world.store(foreseer.catalogue)
    fields = tuple(foreseer.catalogue.fields.values())
    run_initial_sync(after, plan_of(SmallWorld({}, fields, foreseer.settings.sync, assumptions=choices)))
    return Portals(before, after, world.ids, world.marks)


def test_every_question_has_a_pack_or_a_reason() -> None:
    tried = [pack.question for run in PACKS.runs for pack in run.packs]
    assert sorted([*tried, *PACKS.unsettled]) == sorted(BOOK.assumptions)


@pytest.mark.parametrize("pack", [pack for run in PACKS.runs for pack in run.packs], ids=lambda pack: pack.question)
def test_a_pack_says_what_every_choice_leaves__and_which_leave_the_same(pack: Pack) -> None:
    assert set(pack.leaves) == set(BOOK.assumptions[pack.question].built_choices)
    for choice, values in pack.leaves.items():
        assert len(values) == len(pack.watch)
        assert {other for other, theirs in pack.leaves.items() if theirs == values} == set(pack.alike(choice))
    assert bool(pack.same) == bool(pack.same_why)


@pytest.mark.parametrize(("run", "pack"), one_of_each(OF_RUNS, lambda run, pack: (run.id, bool(pack.same))))
def test_the_forecast_of_a_pack_leaves_what_it_says(desk: Desk, run: Run, pack: Pack) -> None:
    world = craft_world([pack], desk.foreseer(run).catalogue, tag=TAG, person=PERSON)
    said = {choice: tuple(world.filled(pack.question, text) for text in texts) for choice, texts in pack.leaves.items()}
    assert desk.leaves(run, pack) == said


@pytest.mark.parametrize(
    ("run", "pack", "choice"), one_of_each(CHOICES, lambda run, pack, _: (run.id, bool(pack.same)))
)
def test_the_choice_of_the_witness_is_read(desk: Desk, run: Run, pack: Pack, choice: str) -> None:
    (answer,) = desk.read(run, [pack], synced(desk, run, {pack.question: choice}))
    assert answer.choice in pack.alike(choice)
    assert {answer.choice, *answer.also} == set(pack.alike(choice))
    line = f'{pack.question} = "{answer.choice}"'
    assert answer.line() == (f"{line}  # provided that it was set up: {pack.needs}" if pack.needs else line)


@pytest.mark.parametrize("run", WHOLE_RUNS, ids=lambda run: run.id)
def test_all_answers_of_a_run__when_all_is_as_the_settings_say(desk: Desk, run: Run) -> None:
    answers = desk.read(run, list(run.packs), synced(desk, run, {}))
    assert {answer.question: answer.choice for answer in answers} == {
        pack.question: BOOK.assumptions[pack.question].default for pack in run.packs
    }


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(40))
def test_no_answer_is_wrong__whatever_all_choices_are__soak(desk: Desk, seed: int) -> None:
    chance = Random(seed)  # noqa: S311
    run = chance.choice(PACKS.runs)
    turned = chance.sample(sorted(BOOK.assumptions), chance.randint(1, 4))
    choices = {name: chance.choice(BOOK.assumptions[name].built_choices) for name in turned}
    answers = desk.read(run, list(run.packs), synced(desk, run, choices))
    for answer in answers:
        choice = choices.get(answer.question, BOOK.assumptions[answer.question].default)
        assert answer.choice is None or choice in (answer.choice, *answer.also), (choices, answer)


def test_a_record_that_is_not_as_it_was_written__cannot_tell(desk: Desk) -> None:
    run = PACKS.runs[0]
    pack, portals = run.pack("name_norm"), synced(desk, run, {})
    row = _row(portals.before, portals.ids["name_norm/a2"], "a")
    row["name"] = (row["name"] or "").strip()
    (answer,) = desk.read(run, [pack], portals)
    assert answer.choice is None
    assert answer.why == "Cannot tell: name of a2 was not what was written before the sync."


def test_what_no_choice_leaves__cannot_tell_and_shows_what_is_there(desk: Desk) -> None:
    run = PACKS.runs[0]
    pack, portals = run.pack("email_norm"), synced(desk, run, {})
    _row(portals.after, portals.ids["email_norm/h1"], "h")["firstname"] = "Somebody"
    (answer,) = desk.read(run, [pack], portals)
    assert answer.choice is None
    assert answer.why == "Cannot tell: what is there is what none of the choices leaves."
    assert answer.evidence[0].is_there == "Somebody"
    assert answer.evidence[0].left_by == {"lower_trim": "Dee", "exact": ""}


def test_times_of_the_portal_itself_are_what_counts(desk: Desk) -> None:
    """When all were made in the order of their ids, that order and the order of creation are one."""
    run = PACKS.runs[0]
    pack, portals = run.pack("first_record_order"), synced(desk, run, {})
    for state in (portals.before, portals.after):
        for number in range(1, 5):
            _row(state, portals.ids[f"first_record_order/d{number}"])["createdon"] = f"2026-02-0{number}T08:00:00Z"
    (answer,) = desk.read(run, [pack], portals)
    assert answer.choice is None
    assert "api_order, file_order, guid_sql and createdon_asc leave the same" in answer.why


def _row(portals: PortalState, record_id: str, kind: str = "d") -> dict[str, str | None]:
    assert isinstance(portals, MemoryStore)
    return portals.tables[KINDS[kind]][record_id]


def test_answer__has_no_line_without_a_choice() -> None:
    assert replace(Answer("email_norm", "exact", ""), choice=None).line() is None
