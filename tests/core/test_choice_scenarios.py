"""Scenarios: every assumption is known to move records, fields or nothing, and a stage cannot ask one past them."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.sensitivity.scenarios import (
    FIELD_KNOBS,
    MOVES_NOTHING,
    RECORD_KNOBS,
    decided_at_once,
    list_scenarios,
)
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import Column
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.errors import RulebookError
from tests.opinions import SmallWorld, situation_of
from tests.rulebook_texts import shipped_rulebook

SCENARIO_COLUMNS = (Column("scenario", "integer", "number of a scenario"),)


def situation(engine: PolarsEngine, rulebook: Rulebook) -> Situation:
    asked: Situation = situation_of(SmallWorld({}, (), {}), engine, rulebook)
    return asked


def test_every_assumption_is_in_exactly_one_group() -> None:
    groups = (FIELD_KNOBS, RECORD_KNOBS, MOVES_NOTHING)
    counts = {knob: sum(knob in group for group in groups) for knob in shipped_rulebook().assumptions}
    assert set(counts.values()) == {1}
    assert frozenset().union(*groups) == set(counts)


def test_an_assumption_that_the_core_does_not_know_raises() -> None:
    known = shipped_rulebook()
    added = replace(known.assumptions["dv_dup_rules"], id="dv_alternate_keys")
    rulebook = replace(known, assumptions={**known.assumptions, added.id: added})
    with (
        PolarsEngine() as engine,
        pytest.raises(RulebookError, match="`dv_alternate_keys`, of which the core"),
    ):
        list_scenarios(situation(engine, rulebook))


def test_a_stage_that_takes_one_choice_is_refused_where_scenarios_differ() -> None:
    with PolarsEngine() as engine:
        own = situation(engine, shipped_rulebook())
        once = decided_at_once(own, list_scenarios(own), {})
        assert own.chosen("filter_scope") == "source"
        with pytest.raises(RulebookError, match="`filter_scope` is asked for one choice where source, both"):
            once.chosen("filter_scope")


def test_a_choice_is_plain_without_scenarios_and_asked_row_by_row_with_them() -> None:
    with PolarsEngine() as engine:
        own = situation(engine, shipped_rulebook())
        assert own.chooses("filter_scope", "source") is True
        assert own.chooses("filter_scope", "both") is False
        once = decided_at_once(own, list_scenarios(own), {})
        asked = once.chooses("filter_scope", "both")
        assert isinstance(asked, pl.Expr)
        both = next(number for number, one in once.scenarios.items() if one["filter_scope"] == "both")
        rows = engine.from_rows([{"scenario": 0}, {"scenario": both}], SCENARIO_COLUMNS)
        assert engine.rows(rows.select("scenario", both=asked)) == [
            {"scenario": 0, "both": False},
            {"scenario": both, "both": True},
        ]
