"""The shipped notebooks are thin, stripped, and run."""

import ast
import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbstripout
import pytest

from dynsync_lib import kit
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.emptied_world import without_records
from dynsync_lib.report import runner
from dynsync_lib.report.notebook_format import NotebookNode, nbformat
from tests.emulator.small_world import small_world
from tests.kit.small_portals import load_portals
from tests.notebooks.notebook_runs import NOTEBOOKS, forecast_folder, report_file, run_here, run_on_hand_made
from tests.pulls import GENEROUS

FILES = sorted(NOTEBOOKS.glob("*.ipynb"))
ON_A_FORECAST = ["04_forecast_initial_sync.ipynb", "report_stakeholder.ipynb"]
PULL, AUDIT = "01_pull_portals.ipynb", "02_audit_records.ipynb"
MAP, FILTERS = "03_field_mapping.ipynb", "05_filters_and_marketing.ipynb"
REHEARSE, VERIFY = "06_rehearse_in_test_portal.ipynb", "07_verify_after_sync.ipynb"

_NBFORMAT: Any = nbformat  # states no types
RunNotebook = Callable[..., NotebookNode]
either_way = pytest.mark.parametrize("run", [run_here, pytest.param(runner.run_notebook, marks=pytest.mark.long)])
"""Every day in this process; `--all` in a kernel of its own, as the report's notebook is run every day."""


def _cells(file: Path, kind: str) -> list[NotebookNode]:
    return [cell for cell in _NBFORMAT.read(file, as_version=4).cells if cell.cell_type == kind]


def test_notebooks__are_there() -> None:
    assert {"00_start_here.ipynb", PULL, AUDIT, MAP, FILTERS, REHEARSE, VERIFY, *ON_A_FORECAST} <= {
        file.name for file in FILES
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_notebooks__are_stripped_and_of_the_plain_kernel(file: Path) -> None:
    notebook = _NBFORMAT.read(file, as_version=4)
    stripped = nbstripout.strip_output(
        _NBFORMAT.read(file, as_version=4), keep_output=False, keep_count=False, keep_id=False
    )
    assert notebook == stripped
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(cell.execution_count is None and not cell.outputs for cell in _cells(file, "code"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_notebooks__are_thin(file: Path) -> None:
    for cell in _cells(file, "code"):
        assert len(cell.source.splitlines()) <= 12
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.Import))
            if isinstance(node, ast.ImportFrom):
                assert (node.module, [name.name for name in node.names]) == ("dynsync_lib", ["kit"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_notebooks__ask_the_kit_only_for_what_it_has(file: Path) -> None:
    asked = {name for cell in _cells(file, "code") for name in re.findall(r"\bkit\.(\w+)", cell.source)}
    assert asked
    assert sorted(name for name in asked if not hasattr(kit, name)) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_notebooks__have_one_parameters_cell_and_sound_headings(file: Path) -> None:
    tagged = [cell for cell in _cells(file, "code") if runner.TAG in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    levels = [
        len(mark) for cell in _cells(file, "markdown") for mark in re.findall(r"^(#+) ", cell.source, re.MULTILINE)
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("name", [pytest.param(ON_A_FORECAST[0], marks=pytest.mark.long), ON_A_FORECAST[1]])
def test_notebooks__run_on_a_forecast(name: str) -> None:
    notebook = run_on_hand_made(name, **({"client": "Adler & Söhne <Example>"} if "report" in name else {}))
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert len([one for one in shown if "text/html" in one.get("data", {})]) > 10
    assert _dead_links(notebook) == []


def test_report__is_masked_unless_asked_otherwise() -> None:
    html = report_file().read_text(encoding="utf-8")
    assert "People are masked" in html
    assert "info@adler.example" not in html
    assert "Adler &amp; Söhne &lt;Example&gt;" in html
    assert len(html.encode()) < 300_000


def test_report__same_forecast_same_bytes() -> None:
    """Also in another process: a kernel of its own, whose hashes of texts are others."""
    again = run_on_hand_made("report_stakeholder.ipynb", client="Adler & Söhne <Example>")
    made = runner.export_report(again, forecast_folder().parent / "again.html")
    assert made.read_bytes() == report_file().read_bytes()


@either_way
def test_notebooks__start_here_runs_on_a_demo(
    run: RunNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The demo itself has its own test and takes half a minute; here it is replaced, inside the kernel, too.
    monkeypatch.setattr(kit, "demo", lambda out, progress: kit.open_forecast(forecast_folder()))  # noqa: ARG005
    told = f"kit.open_forecast({str(forecast_folder())!r})"
    demo = f"import dynsync_lib.kit as kit\nkit.demo = lambda out, progress: {told}\n"
    (tmp_path / "sitecustomize.py").write_text(demo, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    parameters = {"out": tmp_path / "out"}
    notebook = run(NOTEBOOKS / "00_start_here.ipynb", parameters=parameters, timeout_s=120)
    assert "records created in HubSpot" in notebook.cells[5].outputs[0].data["text/html"]


@pytest.mark.long
def test_notebooks__map_fields_runs_on_the_demo(tmp_path: Path) -> None:
    snapshot = kit.load("sample_data/hubspot", "sample_data/dynamics", tmp_path / "snapshot").path
    parameters = {"snapshot": snapshot, "settings": Path("sample_data/dynsync.toml")}
    notebook = runner.run_notebook(NOTEBOOKS / MAP, parameters=parameters, timeout_s=120)
    outputs = [output.data for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert "application/vnd.jupyter.widget-view+json" in outputs[0]
    assert outputs[1]["text/plain"] == "21 of 75 rows of contacts"
    assert outputs[2]["text/plain"] == "8 of 75 rows of contacts"
    assert outputs[3]["text/plain"] == "'Nothing is changed against the file.'"


@either_way
def test_notebooks__pull_loads_files(run: RunNotebook, tmp_path: Path) -> None:
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "contacts.csv").write_text("hs_object_id,email,Shoe size\n1,ann@c.example,38\n", encoding="utf-8")
    parameters = {"snapshot": tmp_path / "s", "hubspot_files": tmp_path / "h"}
    said = _sentences(run(NOTEBOOKS / PULL, parameters=parameters, timeout_s=120))
    assert said[1].startswith("1 record, owners and users among them. Taken from exported files, loaded 20")
    assert said[1].endswith("10 tables were not delivered.")
    assert re.fullmatch(r"\d+ things to know: \d+ missing, \d+ guessed, 1 not checked", said[2])


@pytest.mark.long
def test_notebooks__pull_reads_the_emulated_portals(tmp_path: Path) -> None:
    parameters = {"snapshot": tmp_path / "s", "settings": Path("sample_data/dynsync.toml")}
    said = _sentences(runner.run_notebook(NOTEBOOKS / PULL, parameters=parameters, timeout_s=120))
    assert said[1].startswith("3,895 records, owners and users among them. Taken from emulated portals, as of 20")
    assert said[2] == "4 things to know: 2 to be looked at, 2 not checked"


@either_way
def test_notebooks__audit_runs(run: RunNotebook, tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,firstname,email\n1,Ann,ann@c.example\n2,Bob,bob@c.example\n3,Eve,bob@c.example\n",
        "d/contacts": "contactid,firstname,emailaddress1\nd1,Anna,ann@c.example\nd2,Cal,cal@c.example\n",
    }
    snapshot = load_portals(tmp_path, files)
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    forecast = kit.forecast(snapshot, tmp_path / "dynsync.toml", tmp_path / "forecast")
    folders = {"forecast_folder": forecast.folder, "snapshot": snapshot.path, "settings": tmp_path / "dynsync.toml"}
    parameters = {**folders, "finding": "overwrites"}
    said = _sentences(run(NOTEBOOKS / AUDIT, parameters=parameters, timeout_s=120))
    assert said[0].startswith("Of 3 fields 3 are filled in all 3 records, 0 in none.")
    assert said[4].startswith("In 1 matched pair 1 of 2 mappings holds different values somewhere.")
    assert said[6:] == [
        "The questionnaire: 13 of 13 questions have none.",
        "Values that are overwritten: 1 row",
        "2 of 5 records have a problem, none more than one.",
        "1 group of records shares a key, and 1 record loses it. The largest has 2 records.",
        "Records that share a key: 2 rows",
        "Fix 1 row: 100 % of the collision risk is gone (1 of 1). Not everything was checked.",
        repr(kit.rule_catalogue()),
    ]


@either_way
def test_notebooks__filters_run(run: RunNotebook, tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,firstname,email\n1,Ann,ann@c.example\n2,Bob,bob@c.example\n",
        "d/contacts": "contactid,emailaddress1,statecode\nd1,ann@c.example,0\nd2,cal@c.example,1\n",
    }
    load_portals(tmp_path, files)
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\nfilter_to_hubspot = 'statecode = 0'\n", encoding="utf-8")
    said = _filters(run, tmp_path / "s", tmp_path / "dynsync.toml")
    assert said[1] == "Of 2 Dynamics contacts 1 enters the sync."
    assert said[2] == "Of 2 HubSpot contacts 2 enter the sync."


@pytest.mark.long
def test_notebooks__filters_run_on_the_demo(tmp_path: Path) -> None:
    kit.load("sample_data/hubspot", "sample_data/dynamics", tmp_path / "s")
    said = _filters(runner.run_notebook, tmp_path / "s", Path("sample_data/dynsync.toml"))
    assert said[1].startswith("Of 1,500 Dynamics contacts")


def _filters(run: RunNotebook, snapshot: Path, settings: Path) -> list[str]:
    """Runs the notebook about filters, asks for its panel, and gives back what its cells say."""
    demo = {"snapshot": snapshot, "settings": settings}
    notebook = run(NOTEBOOKS / FILTERS, parameters=demo, timeout_s=120)
    assert "application/vnd.jupyter.widget-view+json" in notebook.cells[-2].outputs[0].data
    return _sentences(notebook)


@either_way
def test_notebooks__rehearse_and_verify_run(run: RunNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "h/contacts": "hs_object_id,firstname,email\n1,Ann,ann@c.example\n2,Bob,bob@c.example\n",
        "d/contacts": "contactid,firstname,emailaddress1\nd1,Ann,ann@c.example\nd2,Cal,cal@c.example\n",
    }
    load_portals(tmp_path, files)
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    portals = Emulator(without_records(small_world()), limits=GENEROUS)
    monkeypatch.setattr(kit, "emulate", lambda **_: portals)
    _rehearse_and_verify(run, tmp_path / "s", tmp_path / "dynsync.toml", tmp_path / "rehearsal")


@pytest.mark.long
def test_notebooks__rehearse_and_verify_run_on_the_demo(tmp_path: Path) -> None:
    kit.load("sample_data/hubspot", "sample_data/dynamics", tmp_path / "s")
    _rehearse_and_verify(runner.run_notebook, tmp_path / "s", Path("sample_data/dynsync.toml"), tmp_path / "rehearsal")


def _rehearse_and_verify(run: RunNotebook, snapshot: Path, settings: Path, folder: Path) -> None:
    """Runs both notebooks, and asks that all predictions hold."""
    demo = {"snapshot": snapshot, "settings": settings, "folder": folder}
    said = _sentences(run(NOTEBOOKS / REHEARSE, parameters=demo, timeout_s=300))
    assert re.fullmatch(r"\d+ of \d+ things that the forecast says are shown", said[0])
    assert any(re.match(r"(\d+) of \1 predictions held \(100 %\)\.", line) for line in said)
    assert said[-1].endswith("The portals are as they were before the seeding.")

    names = {"before": "before", "after": "after", "forecast_folder": "before_forecast"}
    rehearsed = {name: folder / file for name, file in names.items()} | {"out": snapshot.parent / "verification"}
    verified = _sentences(run(NOTEBOOKS / VERIFY, parameters=rehearsed, timeout_s=120))
    assert re.match(r"(\d+) of \1 predictions held \(100 %\)\.", verified[0])
    assert (snapshot.parent / "verification" / "receipt.parquet").is_file()


def _dead_links(notebook: NotebookNode) -> list[str]:
    """The places of the notebook that its outputs lead to and that none of them has."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    html = " ".join(output.data.get("text/html", "") for output in outputs if "data" in output)
    there = set(re.findall(r' id="([^"]*)"', html))
    return [place for place in re.findall(r'href="#([^"]*)"', html) if place not in there]


def _sentences(notebook: NotebookNode) -> list[str]:
    """What the cells with an output say in plain text."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output.data["text/plain"] for output in outputs if "data" in output]
