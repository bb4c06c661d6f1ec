"""The law of sensitivity: what the core says a choice moves is what the witness moves when asked again under it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from dynsync_lib.engine.polars_engine import PolarsEngine
from tests.fresh_seeds import seeds
from tests.laws.small_worlds import SEEDS, seeded_world
from tests.laws.test_witness_law import ENGAGEMENTS
from tests.opinions import SmallWorld, ask_sensitivity, ask_witness
from tests.rulebook_texts import shipped_rulebook

GROUPS = 60
"""Most of the time goes into the questions, not into the records: many records a question find more."""

_Record = tuple[str, str, str]
_Choice = tuple[str, str]


@settings(
    max_examples=max(1, ENGAGEMENTS // 8),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(seed=SEEDS)
def test_sensitivity_is_what_asking_again_moves(seed: int) -> None:
    assert differences(seeded_world(seed, GROUPS)) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(100))
def test_sensitivity_is_what_asking_again_moves__soak(seed: int) -> None:
    assert differences(seeded_world(seed, GROUPS)) == []


def differences(world: SmallWorld) -> list[str]:
    """Where core and witness do not move the same records under the same choice; empty when they do."""
    with PolarsEngine() as engine:
        counted, moved = ask_sensitivity(world, engine, shipped_rulebook())
    asked = moved_by_choice(world)
    found = [
        f"{knob} = {choice}: core {counted.get((knob, choice))}, witness {_by_object(records)}"
        for (knob, choice), records in asked.items()
        if counted.get((knob, choice)) != _by_object(records)
    ]
    found += [f"{choice}: no such choice" for choice in counted if choice not in asked]
    sensitive = {(record, knob) for (knob, _), records in asked.items() for record in records}
    return found + [f"sensitive_to of {record}: {knob}" for record, knob in sorted(sensitive ^ moved)]


def moved_by_choice(world: SmallWorld) -> Mapping[_Choice, frozenset[_Record]]:
    """For each choice that is not in force, the records whose outcome, reason, counterpart or winner is another."""
    now, found = _told(world), {}
    for name, knob in shipped_rulebook().assumptions.items():
        for choice in knob.built_choices:
            if choice != world.assumptions.get(name, knob.default):
                then = _told(replace(world, assumptions={**world.assumptions, name: choice}))
                found[(name, choice)] = frozenset(record for record in now if now[record] != then[record])
    return found


def _told(world: SmallWorld) -> Mapping[_Record, tuple[str | None, ...]]:
    outcomes = ask_witness(world).outcomes
    return {record: (told[0], told[1], told[3], told[4]) for record, told in outcomes.items()}


def _by_object(records: frozenset[_Record]) -> dict[str, int]:
    return dict(Counter(object_ for _, object_, _ in records))
