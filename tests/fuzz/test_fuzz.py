"""Whatever file a person hands over: success, or one error of the kit, within time and memory. Mutants by seed.

`DYNSYNC_FUZZ_MUTANTS=5000 python dynsync.py test tests/fuzz` runs more; `python -m tests.fuzz.run 5000` counts them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fresh_seeds import seeds
from tests.fuzz.handed_over import KINDS, Kind, make_bases
from tests.fuzz.run import end_of

_MUTANTS = int(os.environ.get("DYNSYNC_FUZZ_MUTANTS", "50"))


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sound files that mutants are made of."""
    root = tmp_path_factory.mktemp("bases")
    make_bases(root)
    return root


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_mutant_ends_in_success_or_an_error_of_the_kit(kind: Kind, bases: Path) -> None:
    for seed in seeds(_MUTANTS * kind.share // 100):
        ending = end_of(kind, bases, seed)
        assert ending.fault is None, f"{kind.name} {seed}: {ending.fault}"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_not_changed_is_accepted(kind: Kind, bases: Path) -> None:
    whole = Kind(kind.name, kind.base, kind.files, lambda content, _: content, kind.use, 1)
    ending = end_of(whole, bases, 0)
    assert (ending.what, ending.fault) == ("success", None)


def test_shares_are_of_a_hundred() -> None:
    assert sum(kind.share for kind in KINDS) == 100
