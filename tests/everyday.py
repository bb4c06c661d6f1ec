"""What runs every day and what takes longer: the marker `long` and the option `--all`.

    python dynsync.py test           the everyday run, without tests marked `long`
    python dynsync.py test --all     these too; `.ci/run` does so

Facts
    * A test is `long` when others of the everyday run would fail with it: it asks the same of a larger world, of one
      more case of a kind, or of one more way to the same code.
    * Of cases that repeat one idea, one of each kind runs every day (`one_of_each`). Which one is the same in every
      run; `--fresh-seeds` draws another.

Where it is used: `tests/conftest.py` takes the hook of pytest over; tables of cases ask `one_of_each`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final

import pytest

from tests.fresh_seeds import seeds

OPTION: Final = "--all"
_ALL: Final = "not soak and not spark"
"""What `--all` asks of pytest's option -m, in the place of the everyday run's."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--all`, which stands for a value of `-m`: of the two, the one that is given last counts."""
    text = "run the tests marked long too, as .ci/run does"
    parser.addoption(OPTION, action="store_const", dest="markexpr", const=_ALL, help=text)


def is_everyday(config: pytest.Config) -> bool:
    """Whether a run leaves out what is long."""
    return "not long" in config.option.markexpr


def one_of_each(cases: Iterable[Any], kind: Callable[..., Hashable]) -> list[Any]:
    """All cases as parameters of a test: one of each kind runs every day, the others are marked `long`.

    A case is one value, a tuple of values or what pytest makes of them; `kind` gets the values.
    """
    parameters = [_parameter(case) for case in cases]
    by_kind: dict[Hashable, list[int]] = {}
    for place, parameter in enumerate(parameters):
        by_kind.setdefault(kind(*parameter.values), []).append(place)
    seed = seeds(1)[0]
    everyday = {places[seed % len(places)] for places in by_kind.values()}
    return [each if place in everyday else _long(each) for place, each in enumerate(parameters)]


def _parameter(case: Any) -> Any:
    if isinstance(case, type(pytest.param())):
        return case
    return pytest.param(*case) if isinstance(case, tuple) else pytest.param(case)


def _long(parameter: Any) -> Any:
    return pytest.param(*parameter.values, id=parameter.id, marks=[*parameter.marks, pytest.mark.long])
