"""`--fresh-seeds`: other worlds than those of every run, and the same ones again when their seed is given."""

from __future__ import annotations

import re

import hypothesis  # noqa: F401 - here once, or each run of a test imports it again
import pytest

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "tests.fresh_seeds")
LAWS = """
import hypothesis  # noqa: F401 - here once, or each run of a test imports it again
import pytest
from hypothesis import given, settings, strategies as st
from tests.fresh_seeds import seeds

@settings(max_examples=3, derandomize=True, deadline=None)
@given(seed=st.integers(0, 2**24 - 1))
def test_drawn(seed):
    print("drawn", seed)

@pytest.mark.parametrize("seed", seeds(2))
def test_counted(seed):
    print("counted", seed)
"""
FAILING = "def test_that_fails():\n    assert 1 == 2\n"


@pytest.fixture
def run(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with two laws that print their seeds."""
    pytester.makepyfile(LAWS)
    return pytester


def printed(pytester: pytest.Pytester, *options: str) -> list[str]:
    """What the laws of the folder print, seed by seed."""
    result = pytester.runpytest_inprocess(*PLUGIN, "-s", *options)
    assert result.ret == 0
    return [line for text in result.outlines for line in re.findall(r"(?:drawn|counted) \d+", text)]


def test_without_the_option_seeds_are_the_same_in_every_run(run: pytest.Pytester) -> None:
    first = printed(run)
    assert first[-2:] == ["counted 0", "counted 1"]
    assert len(first) == 5
    assert printed(run) == first


def test_a_seed_changes_what_is_drawn_and_repeats(run: pytest.Pytester) -> None:
    usual, of_seven, of_eight = (printed(run, *options) for options in ([], ["--fresh-seeds=7"], ["--fresh-seeds=8"]))
    assert of_seven[-2:] == ["counted 7", "counted 8"]
    assert of_eight[-2:] == ["counted 8", "counted 9"]
    # each law of Hypothesis begins with the simplest seed there is, 0, whatever its chance
    assert len({tuple(lines[:3]) for lines in (usual, of_seven, of_eight)}) == 3
    assert printed(run, "--fresh-seeds=7") == of_seven


def test_the_seed_is_printed_first_and_with_a_failure_and_can_be_given_again(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILING + LAWS)
    fresh = pytester.runpytest_inprocess(*PLUGIN, "-q", "--fresh-seeds")
    seeds = re.findall(r"Seeds are fresh; the same again: --fresh-seeds=(\d+)", fresh.stdout.str())
    assert fresh.ret == 1
    assert len(seeds) == 2
    assert len(set(seeds)) == 1
    again = pytester.runpytest_inprocess(*PLUGIN, "-v", f"--fresh-seeds={seeds[0]}", "-k", "counted")
    again.stdout.fnmatch_lines([f"*test_counted?{seeds[0]}?*"])


def test_the_processes_of_a_run_have_its_seed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LAWS)
    result = pytester.runpytest_inprocess(*PLUGIN, "-n", "1", "-v", "-k", "counted", "--fresh-seeds")
    assert result.ret == 0
    (seed,) = re.findall(r"--fresh-seeds=(\d+)", result.stdout.str())
    result.stdout.fnmatch_lines([f"*test_counted?{seed}?*"])


def test_what_is_no_seed_is_refused_in_one_sentence(run: pytest.Pytester) -> None:
    result = run.runpytest_inprocess(*PLUGIN, "--fresh-seeds", "tests/laws")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*'tests/laws' is no seed; write --fresh-seeds=NUMBER, or --fresh-seeds behind all else"]
    )
