"""The readable cases: core and witness are both asked, and both must say what is written.

The witness is asked every case. A world costs the core a second or so; the everyday run asks it those that several
cases share, CI asks it all of them (`dynsync.py test -m soak tests/cases`).
"""

from __future__ import annotations

from functools import cache

import pytest

from dynsync_lib.engine.polars_engine import PolarsEngine
from tests.cases.case_world import Case, Told, read_cases, read_world, share_worlds, told_of
from tests.opinions import Answer, ask_core, ask_witness
from tests.rulebook_texts import shipped_rulebook

CASES = read_cases()
WORLDS = share_worlds(CASES)
_FEW = 3
_IDS = [f"{case.id}: {case.told['says']}" for case in CASES]
_PLACES = {case.id: place for place, world in enumerate(WORLDS) for case in world}
_OF_CORE = [
    pytest.param(case, id=name, marks=[pytest.mark.soak] if len(WORLDS[_PLACES[case.id]]) < _FEW else [])
    for case, name in zip(CASES, _IDS, strict=True)
]


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_witness(case: Case) -> None:
    hold(case, told_of(case, ask_witness(read_world([case]))))


@pytest.mark.parametrize("case", _OF_CORE)
def test_core(case: Case) -> None:
    hold(case, told_of(case, core_answer(_PLACES[case.id])))


@cache
def core_answer(place: int) -> Answer:
    """What the core says of one shared world."""
    with PolarsEngine() as engine:
        return ask_core(read_world(WORLDS[place]), engine, shipped_rulebook())


def expected(case: Case) -> Told:
    """What is written."""
    return Told(*(sorted(case.told.get(name, [])) for name in ("expect", "writes", "links")))


def hold(case: Case, said: Told) -> None:
    """Fails where the answer is not what is written; writes that a case does not speak of are not asked for."""
    assert said.outcomes == expected(case).outcomes
    assert said.links == expected(case).links
    if "writes" in case.told:
        assert said.writes == expected(case).writes
