"""`--fresh-seeds`: the laws ask worlds that nobody has asked before, instead of the same ones in every run.

    python dynsync.py test --fresh-seeds            a seed is drawn, and printed
    python dynsync.py test --fresh-seeds=1234567    the worlds of that seed again

Facts
    * Two kinds of tests draw: those of Hypothesis, which get the seed as their own, and those of a range of numbers,
      which begins with the seed (`seeds`). Without the option both are the same in every run.
    * The seed is printed before the first test and with every failure, also when the tests run in several processes.

Where it is used: `tests/conftest.py` takes the hooks of pytest over; the laws draw by `seeds`.
"""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Generator, Iterable
from typing import Any, Final

import pytest

OPTION: Final = "--fresh-seeds"
_DRAWN: Final = -1
_MOST: Final = 2**24
"""Seeds are below it, as those that the laws draw (tests/laws/small_worlds.py)."""
_NAME: Final = "fresh_seeds"
_first: list[int] = [0]
"""The seed of each run of pytest that is under way in this process, the innermost last."""


def seeds(count: int) -> range:
    """So many seeds to draw worlds from: from 0 on, or from the seed of this run on."""
    return range(_first[-1], _first[-1] + count)


# --- pytest's hooks ----------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--fresh-seeds` and `--fresh-seeds=SEED`."""
    text = "draw the worlds of the laws afresh; with a number, those of an earlier run again"
    parser.addoption(OPTION, dest=_NAME, nargs="?", type=_read_seed, const=_DRAWN, metavar="SEED", help=text)


def _read_seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; write {OPTION}=NUMBER, or {OPTION} behind all else")
    return int(text)


def pytest_configure(config: pytest.Config) -> None:
    """Draws the seed where none was given; a further process takes that of the run."""
    if config.getoption(_NAME) == _DRAWN:
        of_the_run: dict[str, int] = getattr(config, "workerinput", {})
        setattr(config.option, _NAME, of_the_run.get(_NAME, secrets.randbelow(_MOST)))
    _first.append(config.getoption(_NAME) or 0)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hands the seed on to a further process (pytest-xdist)."""
    node.workerinput[_NAME] = node.config.getoption(_NAME)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Forgets the seed."""
    del config
    _first.pop()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Prints the seed, quiet as the run may be."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and session.config.getoption(_NAME) is not None:
        reporter.write_line(_sentence(session.config))


def pytest_collection_modifyitems(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Gives Hypothesis's tests the seed of the run, which goes before their own `derandomize`."""
    if config.getoption(_NAME) is None:
        return
    import hypothesis  # slow to import, and a run of a few tests needs none

    for item in items:
        test: Any = getattr(item, "obj", None)
        if hasattr(test, "hypothesis"):
            hypothesis.seed(config.getoption(_NAME))(test)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the seed to the report of a test that failed."""
    report = yield
    if report.failed and item.config.getoption(_NAME) is not None:
        report.sections.append(("Fresh seeds", _sentence(item.config)))
    return report


def _sentence(config: pytest.Config) -> str:
    return f"Seeds are fresh; the same again: {OPTION}={config.getoption(_NAME)}"
