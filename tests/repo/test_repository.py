"""The repository's own rules, and that each of them can fail."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.repo.checks import (
    anchor_complaints,
    docstring_complaints,
    environment_complaints,
    json_complaints,
    law_complaints,
    link_complaints,
    lock_complaints,
    name_complaints,
    parameter_complaints,
    registry_complaints,
    size_complaints,
    variable_complaints,
)

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LIBRARY = sorted((ROOT / "dynsync_lib").rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "sample_data/README.md"])


def test_environment_equals_project() -> None:
    assert environment_complaints((ROOT / "environment.yml").read_text(encoding="utf-8"), PROJECT["project"]) == []


def test_environment_check_sees_a_difference() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert environment_complaints(text.replace("  - httpx >=0.28,<1\n", ""), PROJECT["project"])
    assert environment_complaints(text.replace("rich >=14", "rich >=13"), PROJECT["project"])


def test_lock_has_no_hosts_and_all_dependencies() -> None:
    direct = [Requirement(text).name for text in PROJECT["project"]["dependencies"]]
    direct += [Requirement(text).name for text in PROJECT["dependency-groups"]["test"]]
    assert lock_complaints((ROOT / "requirements.lock").read_text(encoding="utf-8"), direct) == []


def test_lock_is_complete() -> None:
    """Set-up resolves nothing, so that whatever something needs on this machine must be locked, too."""
    groups = PROJECT["dependency-groups"]
    wanted = [Requirement(text) for name in ("setup", "test") for text in groups[name]]
    wanted += [Requirement(text) for text in PROJECT["project"]["dependencies"]]
    locked = [Requirement(line) for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()]
    names = {canonicalize_name(line.name) for line in locked if line.marker is None or line.marker.evaluate()}
    assert sorted(needed(wanted) - names) == []
    assert "no-such-package" in needed([Requirement("no-such-package")])


def needed(wanted: Iterable[Requirement]) -> set[str]:
    """The names of all that is needed on this machine, as what is installed says."""
    waiting, seen = list(wanted), set[tuple[str, str]]()
    while waiting:
        requirement = waiting.pop()
        for extra in ("", *requirement.extras):
            key = (canonicalize_name(requirement.name), extra)
            if key in seen:
                continue
            seen.add(key)
            try:
                texts = metadata.requires(requirement.name) or ()
            except metadata.PackageNotFoundError:
                continue
            below = map(Requirement, texts)
            waiting += [part for part in below if part.marker is None or part.marker.evaluate({"extra": extra})]
    return {name for name, _ in seen}


@pytest.mark.parametrize(
    "line", ["a @ https://files.example.org/a.whl", "a==1 --hash=sha256:00", "--index-url x", "httpx>=1"]
)
def test_lock_check_sees_a_fault(line: str) -> None:
    assert lock_complaints(line, [])
    assert lock_complaints("a==1", ["b"]) == ["b is not locked"]


def test_library_files_are_small_and_described() -> None:
    assert [complaint for path in LIBRARY for complaint in file_complaints(path)] == []


def file_complaints(path: Path) -> list[str]:
    """What the rules of the repository have against a file of the library."""
    source = path.read_text(encoding="utf-8")
    name = str(path.relative_to(ROOT))
    described = [] if path.name == "__init__.py" and len(source) < 2 else docstring_complaints(name, source)
    return [*size_complaints(name, source), *described, *name_complaints(name), *json_complaints(name, source)]


def test_json_check_sees_a_fault() -> None:
    text = "try:\n    a = json.loads(b)\nexcept {}:\n    pass\n"
    assert json_complaints("a.py", text.format("(OSError, ValueError)")) == [
        "a.py, line 1: RecursionError is not caught"
    ]
    assert json_complaints("a.py", text.format("(ValueError, RecursionError)")) == []


def test_functions_of_the_core_take_few_parameters() -> None:
    core = [path for path in LIBRARY if path.is_relative_to(ROOT / "dynsync_lib/core")]
    assert core
    complaints = [
        complaint
        for path in core
        for complaint in parameter_complaints(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
    ]
    assert complaints == []


def test_the_check_of_parameters_sees_too_many() -> None:
    assert parameter_complaints("a.py", "def f(a, b, /, c, *, d, e, f): ...") == ["a.py: f has 6 parameters"]
    assert parameter_complaints("a.py", "class A:\n    def f(self, a, b, c, d, e): ...") == []
    assert parameter_complaints("a.py", "def f(situation, system, *, object_): ...") == [
        "a.py: f takes a situation and an object, not a Job"
    ]


def test_variables_are_named_for_what_they_hold() -> None:
    complaints = [
        complaint
        for path in LIBRARY
        for complaint in variable_complaints(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
    ]
    others = [text for text in complaints if not text.startswith(("dynsync_lib/emulator/witness/", _KEY_OF_CHECKS))]
    assert others == []
    # the witness is written again by nobody who tidies up: what it has left may only become fewer
    assert len(complaints) <= 71


_KEY_OF_CHECKS = "dynsync_lib/core/rulebook.py: a variable is called one"
"""`one` is a key of rules/checks.toml: the sentence for one record."""


def test_the_check_of_variables_sees_one() -> None:
    assert variable_complaints("a.py", "def f(told):\n    for one in told:\n        place = one") == [
        "a.py: a variable is called told",
        "a.py: a variable is called one",
        "a.py: a variable is called place",
    ]
    assert variable_complaints("a.py", "x = found") == []


def test_laws_ask_the_same_in_every_run_however_long_it_takes() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py"))}
    laws = {path: source for path, source in sources.items() if "\n@given(" in source}
    assert len(laws) > 15
    assert [
        complaint for path, source in laws.items() for complaint in law_complaints(str(path.relative_to(ROOT)), source)
    ] == []


def test_the_check_of_laws_sees_a_deadline_and_chance() -> None:
    law = "{}@given(st.text())\ndef test_a(text): ..."
    for decorator in ("", "@settings(max_examples=3)\n", "@settings(deadline=None)\n", "@settings(derandomize=True)\n"):
        assert law_complaints("a.py", law.format(decorator)) == [
            "a.py: test_a has a deadline, or draws afresh in every run"
        ]
    for decorator in ("@settings(deadline=None, derandomize=True)\n", "@PROOF\n", "@settings(PROOF, max_examples=1)\n"):
        assert law_complaints("a.py", law.format(decorator)) == []


def test_file_checks_see_faults() -> None:
    long_function = "def f():\n" + "    x = 1\n" * 46
    assert size_complaints("a.py", long_function) == ["a.py: f has 46 lines"]
    assert size_complaints("a.py", "x = 1\n" * 451) == ["a.py has 451 lines"]
    assert docstring_complaints("a.py", "def f():\n    pass\n") == ["a.py has no docstring", "a.py: f has no docstring"]
    assert name_complaints("dynsync_lib/string_utils.py")
    assert name_complaints("dynsync_lib/data2.py")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_pages_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert link_complaints(text, lambda target: (path.parent / target).exists()) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_headings_lead_somewhere(path: Path) -> None:
    def read(name: str) -> str:
        return (path.parent / name if name else path).read_text(encoding="utf-8")

    assert anchor_complaints(read(""), read) == []


def test_link_check_sees_a_broken_link() -> None:
    assert anchor_complaints("# A, b\n[x](#a-b) [y](other.md#c)", lambda name: "# C" if name else "# A, b") == []
    assert anchor_complaints("# A\n[x](#a-b)", lambda _: "# A") == ["the link to #a-b is broken"]
    assert link_complaints("see [x](docs/nowhere.md)", lambda _: False) == ["the link to docs/nowhere.md is broken"]


def test_notebooks_are_committed_without_outputs() -> None:
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert not cell.get("outputs"), path
            assert cell.get("execution_count") is None, path


def test_report_notebook_of_the_package_is_the_one_that_people_open() -> None:
    name = "report_stakeholder.ipynb"
    shipped = ROOT / "dynsync_lib" / "report" / "notebooks" / name
    assert (ROOT / "notebooks" / name).read_bytes() == shipped.read_bytes(), f"copy one to the other ({name})"


def test_generated_pages_are_up_to_date() -> None:
    from docs.render_pages import pages

    for name, text in pages().items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, f"run `python docs/render_pages.py` ({name})"


def test_emulator_page_reads_packages_inside_the_emulator(tmp_path: Path) -> None:
    from docs.emulator_page import not_modelled

    text = '"""Search.\n\nNot modelled\n    * Sorting by two\n      fields.\n    * Totals.\n\nSource: x.\n"""\n'
    for folder in ("hubspot", "witness", "world"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "search.py").write_text(text, encoding="utf-8")
    assert list(not_modelled(tmp_path)) == [
        "* `emulator.hubspot.search`: Sorting by two fields.",
        "* `emulator.hubspot.search`: Totals.",
    ]


def test_no_file_names_a_registry() -> None:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    complaints = []
    for name in filter(None, map(bytes.decode, names)):
        if not name.startswith("tests/repo/") and (ROOT / name).is_file():
            text = (ROOT / name).read_bytes().decode("utf-8", errors="replace")
            complaints += registry_complaints(name, text)
    assert complaints == []


def test_registry_check_sees_an_address() -> None:
    host = "pypi." + "org"
    assert registry_complaints("a.md", f"see https://{host}/project/a") == [f"a.md names {host}"]
    assert registry_complaints("a.md", "pip install a") == []


def test_no_secret_or_output_is_tracked() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    assert not [name for name in tracked if name.startswith(("out/", "snapshots/", ".venv/")) or name.endswith(".env")]
