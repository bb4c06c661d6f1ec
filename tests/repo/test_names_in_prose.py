"""Every module and file that a docstring, a comment or a page names exists, and a wrong name is seen."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.repo.names_in_prose import KnownNames, known_names, name_complaints_of, parameters_of, string_complaints_of

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for folder in ("dynsync_lib", "tests", "benchmarks", "docs")
    for path in (ROOT / folder).rglob("*.py")
    if path.parent != Path(__file__).parent  # here stand names that do not exist, on purpose
)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "sample_data/README.md"])
CONFIGURATION = [ROOT / "pyproject.toml", ROOT / "dynsync.py", ROOT / ".ci/run"]
SMALL = KnownNames(
    {
        "core.model": "LINKS = 1\nclass System:\n    HUBSPOT: str\n    def title(self): ...\n",
        "kit": "if TYPE_CHECKING:\n    from dynsync_lib.kit.portals import pull\n",
    },
    rules=["record.filter"],
    files=["docs/semantics.md", "dynsync_lib/core/model.py"],
)


@cache
def _known() -> KnownNames:
    return known_names(ROOT)


def test_names_in_backticks_exist() -> None:
    for path in (*SOURCES, *PAGES):
        text = path.read_text(encoding="utf-8")
        complaints = name_complaints_of(text, _known())
        if complaints and path.suffix == ".py":  # to know the parameters of all sources takes a second
            complaints = name_complaints_of(text, _known(), values=parameters_of(text))
        assert complaints == [], path


def test_modules_named_in_full_exist() -> None:
    for path in (*SOURCES, *PAGES, *CONFIGURATION):
        assert string_complaints_of(path.read_text(encoding="utf-8"), _known()) == [], path


@pytest.mark.parametrize(
    "text",
    [
        "`core.model`",
        "`core.model.LINKS`",
        "`core.model.System.title`",
        "`System.HUBSPOT`",
        "`kit.pull`",
        "`kit.pull(settings)`",
        "`record.filter`",
        "`dynsync.toml`",
        "`core/model.py`",
        "`core/*.py`",
        "`dynsync_lib/core/`",
    ],
)
def test_a_name_that_exists_passes(text: str) -> None:
    assert name_complaints_of(f"See {text}.", SMALL) == []


@pytest.mark.parametrize(
    "name",
    [
        "core.models",
        "core.model.LINK",
        "core.model.System.name",
        "System.label",
        "model.LINKS",
        "kit.push",
        "record.filters",
        "core/models.py",
        "core/checks/",
    ],
)
def test_a_name_that_does_not_exist_is_seen(name: str) -> None:
    assert name_complaints_of(f"See `{name}`.", SMALL) == [f"`{name}` does not exist"]


def test_an_attribute_of_a_parameter_passes() -> None:
    code = 'def wait(pace: Pace) -> None:\n    """Waits `pace.timeout_s`, and `pulse.timeout_s`."""\n'
    assert name_complaints_of(code, SMALL, values=parameters_of(code)) == ["`pulse.timeout_s` does not exist"]


def test_a_module_that_does_not_exist_is_seen_in_a_text_of_code() -> None:
    code = 'call = [python, "-m", "dynsync_lib.core.model", "dynsync_lib.core.models"]'
    assert string_complaints_of(code, SMALL) == ["dynsync_lib.core.models does not exist"]
    assert string_complaints_of('dynsync = "dynsync_lib.kit:pull"', SMALL) == []
    assert string_complaints_of('dynsync = "dynsync_lib.kit:push"', SMALL) == ["dynsync_lib.kit.push does not exist"]
