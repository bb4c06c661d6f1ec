"""Each engine is spoken to in its own words while it is open, and in nobody else's."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest

from dynsync_lib.core import frames as nw
from dynsync_lib.core import narwhals_words
from dynsync_lib.core.tables import Column
from dynsync_lib.engine import Engine, polars_words
from dynsync_lib.engine.duckdb_engine import DuckDbEngine
from dynsync_lib.engine.polars_engine import PolarsEngine

_FLAGS: Final = [Column("a", "flag", ""), Column("b", "flag", "")]
_ROWS: Final = [{"a": a, "b": b} for a in (True, False, None) for b in (True, False, None)]
_NUMBERS: Final = [Column("text", "text", ""), Column("turn", "integer", "")]
_PACKAGES: Final = "core", "forecasts", "rehearsal", "scenarios", "verification"


def test_words__are_the_same_in_both_modules() -> None:
    assert polars_words.__all__ == narwhals_words.__all__


def test_words__are_those_of_the_engine_opened_last() -> None:
    assert isinstance(nw.col("id"), narwhals_words.Expr)
    with PolarsEngine() as polars:
        assert isinstance(nw.col("id"), pl.Expr)
        with DuckDbEngine(None):
            assert isinstance(nw.col("id"), narwhals_words.Expr)
        with polars:
            assert isinstance(nw.col("id"), pl.Expr)
        assert isinstance(nw.col("id"), pl.Expr)
    assert isinstance(nw.col("id"), narwhals_words.Expr)


def test_words__of_another_thread_are_its_own() -> None:
    with PolarsEngine(), ThreadPoolExecutor(1) as beside:
        spoken = beside.submit(lambda: nw.col("id")).result()
        assert isinstance(spoken, narwhals_words.Expr)
        assert isinstance(nw.col("id"), pl.Expr)


def test_words__an_error_gives_back_those_of_before() -> None:
    with pytest.raises(ZeroDivisionError), PolarsEngine():
        raise ZeroDivisionError
    assert isinstance(nw.col("id"), narwhals_words.Expr)


def test_words__of_one_engine_and_a_frame_of_another_do_not_mix() -> None:
    with PolarsEngine() as engine:
        frame: Any = engine.from_rows(_ROWS, _FLAGS)
    with pytest.raises(TypeError):
        frame.filter(nw.col("a"))


@pytest.mark.parametrize("ignore_nulls", [True, False])
@pytest.mark.parametrize("word", ["any_horizontal", "all_horizontal"])
def test_tests_side_by_side__mean_the_same(word: str, *, ignore_nulls: bool) -> None:
    def asked(engine: Engine) -> list[dict[str, Any]]:
        frame = engine.from_rows(_ROWS, _FLAGS)
        test = getattr(nw, word)("a", nw.col("b"), ignore_nulls=ignore_nulls)
        return sorted(engine.rows(frame.with_columns(test=test)), key=repr)

    with PolarsEngine() as polars:
        ours = asked(polars)
    with DuckDbEngine(None) as duckdb:
        assert asked(duckdb) == ours


def test_numbered__counts_from_0_in_the_order() -> None:
    expected = {(None, 0): 0, ("a", 1): 1, ("a", 2): 2, ("b", 1): 3}
    rows: list[dict[str, Any]] = [{"text": text, "turn": turn} for text, turn in reversed(expected)]
    for engine in (PolarsEngine(), DuckDbEngine(None)):
        with engine:
            numbered = nw.numbered(engine.from_rows(rows, _NUMBERS), "place", ["text", "turn"])
            assert {(row["text"], row["turn"]): row["place"] for row in engine.rows(numbered)} == expected


def test_imports__speak_no_word() -> None:
    """An expression worked out at import would be Narwhals', and fail in front of Polars' frames."""
    root = Path(nw.__file__).parents[1]
    modules = [
        ".".join(("dynsync_lib", *path.relative_to(root).with_suffix("").parts))
        for package in _PACKAGES
        for path in sorted((root / package).rglob("*.py"))
        if path.name not in ("narwhals_words.py", "__main__.py")
    ]
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\nprint(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code, *modules], check=True, capture_output=True, text=True)
    assert {"dynsync_lib.core.forecast", "narwhals"} & set(ended.stdout.split()) == {"dynsync_lib.core.forecast"}
