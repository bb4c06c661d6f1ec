"""Numbers asked together: each table is read once, and every question gets its own answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dynsync_lib.core import frames as nw
from dynsync_lib.core.counting import (
    Number,
    Question,
    Rows,
    answers,
    combined,
    known,
    rows_of,
    rows_where,
    rows_with,
    total,
)
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.tables import OUTCOMES
from dynsync_lib.engine import Engine
from dynsync_lib.engine.duckdb_engine import DuckDbEngine
from dynsync_lib.engine.polars_engine import PolarsEngine

_OUTCOMES: list[dict[str, object]] = [
    {"system": "hubspot", "object": "contact", "record_id": "1", "outcome": "create", "reason": None},
    {"system": "hubspot", "object": "contact", "record_id": "2", "outcome": "failing", "reason": "range"},
    {"system": "dynamics", "object": "contact", "record_id": "3", "outcome": "failing", "reason": "too_long"},
    {"system": "dynamics", "object": "lead", "record_id": "4", "outcome": "create", "reason": None},
]


@pytest.fixture(params=["polars", "duckdb"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The two engines that need nothing beside them."""
    with PolarsEngine() if request.param == "polars" else DuckDbEngine(None) as opened:
        yield opened


def test_answers__each_question_gets_its_own_numbers(engine: Engine) -> None:
    tables = {"outcomes": engine.from_rows(_OUTCOMES, OUTCOMES.columns)}
    hubspot = tables["outcomes"].filter(nw.col("system") == "hubspot")
    questions = {
        "creates": rows_with("outcomes", outcome="create"),
        "hubspot": rows_of(hubspot),
        "limits": rows_with("outcomes", reason=("range", "too_long"), object="contact"),
        "known": known(7),
        "leads": rows_where(tables["outcomes"], nw.col("object") == "lead"),
        "contacts": rows_where(tables["outcomes"], nw.col("object") == "contact"),
        "all": rows_with("outcomes"),
        "both": total([rows_with("outcomes", outcome="create"), rows_of(hubspot)]),
    }

    assert answers(tables, questions) == {
        "creates": 2,
        "hubspot": 2,
        "limits": 2,
        "known": 7,
        "leads": 1,
        "contacts": 3,
        "all": 4,
        "both": 4,
    }


def test_answers__null_is_no_value(engine: Engine) -> None:
    tables = {"outcomes": engine.from_rows(_OUTCOMES, OUTCOMES.columns)}
    questions = {
        "without": Question((Rows("outcomes", {}, {"reason": ["range"]}),), sum),
        "filled": Question((Rows("outcomes", {}, filled=("reason",)),), sum),
        "nothing": Question((Number(tables["outcomes"].head(0), nw.col("record_id").cast(nw.Int64).max()),), sum),
    }

    assert answers(tables, questions) == {"without": 3, "filled": 2, "nothing": 0}


def test_combined__says_what_is_made_of_the_parts(engine: Engine) -> None:
    tables = {"outcomes": engine.from_rows(_OUTCOMES, OUTCOMES.columns)}
    parts = [rows_with("outcomes", outcome="link"), rows_with("outcomes", outcome="create")]

    assert answers(tables, {0: combined(parts, lambda counts: None if not counts[0] else counts[1])}) == {0: None}


def test_answers__ask_a_table_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {"outcomes": engine.from_rows(_OUTCOMES, OUTCOMES.columns)}
    asked: list[str] = []
    of_engine: Any = type(tables["outcomes"])
    collect = of_engine.collect

    def counted(frame: Frame, *args: Any, **options: Any) -> Any:
        asked.append("collect")
        return collect(frame, *args, **options)

    monkeypatch.setattr(of_engine, "collect", counted)
    tallied = {name: rows_with("outcomes", outcome=name) for name in ("create", "link", "failing")}
    summed = {number: rows_of(tables["outcomes"].filter(nw.col("record_id") == number)) for number in ("1", "2", "9")}
    creates = tables["outcomes"].filter(nw.col("outcome") == "create")
    several = {name: rows_where(creates, nw.col("object") == name) for name in ("contact", "lead", "deal")}

    assert answers(tables, {**tallied, **summed, **several}) == {
        "create": 2,
        "link": 0,
        "failing": 2,
        "1": 1,
        "2": 1,
        "9": 0,
        "contact": 1,
        "lead": 1,
        "deal": 0,
    }
    assert len(asked) == 2
