"""The door: what the type checker sees is what Python finds, and nothing heavy is behind it until it is asked for."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from dynsync_lib import kit

_COMMANDS = "from dynsync_lib.cli import commands as cli"
DRAWN = {"jinja2", "dynsync_lib.report"}
HEAVY = {"pandas", "polars", "duckdb", "narwhals", "matplotlib", "nbclient", "nbconvert", "httpx", "msal", "openpyxl"}


def test_rooms__are_what_the_type_checker_reads() -> None:
    tree = ast.parse(Path(kit.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    read = {
        str(node.module).removeprefix("dynsync_lib."): tuple(alias.name for alias in node.names)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
    }
    assert read == kit.ROOMS


@pytest.mark.parametrize("room", kit.ROOMS)
def test_rooms__hold_their_names(room: str) -> None:
    module = importlib.import_module(f"dynsync_lib.{room}")
    for name in kit.ROOMS[room]:
        assert getattr(kit, name) is getattr(module, name)
        assert name in dir(kit)


def test_door__names_all_that_it_has() -> None:
    assert sorted(kit.__all__) == dir(kit)


def test_door__an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'dynsync_lib\.kit' has no attribute 'nothing'"):
        _ = kit.nothing


@pytest.mark.parametrize("asked", ["kit", "kit.open_forecast, kit.six_figures, kit.flow_chart, kit.demo", "cli"])
def test_door__brings_nothing_heavy(asked: str) -> None:
    assert HEAVY & _imported(asked) == set()


def test_door__a_forecast_waits_for_no_engine_and_nothing_that_draws() -> None:
    assert (HEAVY | DRAWN) & _imported("kit.forecast") == set()


def _imported(asked: str) -> set[str]:
    code = f"import sys\nfrom dynsync_lib import kit\n{_COMMANDS}\n{asked}\nprint(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    return set(told.split())
