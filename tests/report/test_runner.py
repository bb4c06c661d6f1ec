"""The runner: parameters are checked before a kernel starts; a failing cell is one sentence."""

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from nbclient.exceptions import CellExecutionError

from dynsync_lib.errors import (
    DynsyncError,
    SettingsError,
    SnapshotError,
    UsageError,
    WorklistError,
    WorklistFault,
)
from dynsync_lib.report import runner
from dynsync_lib.report.kernel import start_kernel
from dynsync_lib.report.notebook_format import nbformat
from dynsync_lib.report.runner import export_report, read_parameters, run_notebook

LISTING = (SettingsError, WorklistError)
"""The errors that carry several faults."""
_NBFORMAT: Any = nbformat  # states no types
v4 = _NBFORMAT.v4


def kinds_of(kind: type[DynsyncError]) -> list[type[DynsyncError]]:
    """A kind of error and all below it that stand in the tree of `errors`."""
    below = [one for child in kind.__subclasses__() for one in kinds_of(child)]
    return [one for one in (kind, *below) if one.__module__ == DynsyncError.__module__]


def _write(path: Path, *cells: str) -> Path:
    notebook = v4.new_notebook(cells=[v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(cells)])
    notebook.cells[0].metadata["tags"] = ["parameters"]
    _NBFORMAT.write(notebook, path)
    return path


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    return _write(tmp_path / "a.ipynb", 'forecast_folder = "out"\nmasked = True', "print(forecast_folder, masked)")


def test_read_parameters__names_and_defaults(notebook: Path) -> None:
    assert read_parameters(runner.read_notebook(notebook)) == {"forecast_folder": "out", "masked": True}


def test_run_notebook__unknown_parameter_names_the_nearest(notebook: Path) -> None:
    with pytest.raises(UsageError, match=r"a\.ipynb has no parameter forecast_foldr\.") as caught:
        run_notebook(notebook, parameters={"forecast_foldr": "x"})
    assert caught.value.next_step == "Did you mean forecast_folder?"


def test_run_notebook__unknown_parameter_without_a_near_one_lists_all(notebook: Path) -> None:
    with pytest.raises(UsageError) as caught:
        run_notebook(notebook, parameters={"zzz": "x"})
    assert caught.value.next_step == "It has: forecast_folder, masked."


def test_run_notebook__parameter_of_another_kind(notebook: Path) -> None:
    with pytest.raises(UsageError, match=r"masked of a\.ipynb must be True or False, not a text\."):
        run_notebook(notebook, parameters={"masked": "no"})


def test_run_notebook__no_notebook(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        run_notebook(tmp_path / "b.ipynb", parameters={})
    (tmp_path / "b.ipynb").write_text("no JSON", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be read as a notebook"):
        run_notebook(tmp_path / "b.ipynb", parameters={})


def test_run_notebook__parameters_reach_the_cells_and_the_file_stays(notebook: Path, tmp_path: Path) -> None:
    before, out = notebook.read_bytes(), tmp_path / "made" / "run.ipynb"
    told = run_notebook(notebook, parameters={"forecast_folder": tmp_path, "masked": False}, out=out, timeout_s=60)
    assert told.cells[2].outputs[0].text == f"{tmp_path} False\n"
    assert notebook.read_bytes() == before
    assert "execution" not in told.cells[2].metadata
    assert _NBFORMAT.read(out, as_version=4).cells[1].metadata.tags == ["injected-parameters"]


@pytest.mark.parametrize(
    ("source", "kind", "sentence", "next_step"),
    [
        (
            "raise ValueError('anna@adler.example')",
            DynsyncError,
            "a.ipynb failed in code cell 2: ValueError.",
            "Open the notebook in JupyterLab to see more.",
        ),
        (
            "from dynsync_lib.errors import SnapshotError\n"
            "raise SnapshotError('f was changed.', next_step='Make it again.')",
            SnapshotError,
            "f was changed.",
            "Make it again.",
        ),
    ],
)
def test_run_notebook__a_failing_cell_is_one_sentence(
    tmp_path: Path, source: str, kind: type[DynsyncError], sentence: str, next_step: str
) -> None:
    with pytest.raises(kind) as caught:
        run_notebook(_write(tmp_path / "a.ipynb", "x = 1", source), timeout_s=60)
    assert type(caught.value) is kind
    assert (str(caught.value), caught.value.next_step) == (sentence, next_step)


WORKLIST = WorklistError([WorklistFault("Shared addresses", "K7", "`maybe` is no mark.")] * 25)
RAISED: list[DynsyncError] = [
    *(kind("It is so.", next_step="Do it.") for kind in kinds_of(DynsyncError) if kind not in LISTING),
    SettingsError(["dynsync.toml, line 2: it is so.", "dynsync.toml, line 5: it is so, too."]),
    WORKLIST,
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_run_notebook__retells_every_error_of_the_kit(
    tmp_path: Path, error: DynsyncError, monkeypatch: pytest.MonkeyPatch
) -> None:
    class _Kernel:
        """A kernel whose last cell raises the error, as IPython shows it."""

        def run(self, notebook: Any, *, timeout_s: float) -> None:
            del timeout_s
            name, shown = type(error).__name__, error._render_traceback_()
            notebook.cells[-1].outputs = [v4.new_output("error", ename=name, evalue=str(error), traceback=shown)]
            raise CellExecutionError("", name, str(error))

    monkeypatch.setattr(runner, "start_kernel", lambda _: nullcontext(_Kernel()))
    with pytest.raises(DynsyncError) as caught:
        run_notebook(_write(tmp_path / "a.ipynb", "x = 1", "raise error"))
    again = caught.value
    assert (type(again), str(again), again.next_step) == (type(error), str(error), error.next_step)
    assert again.exit_code == error.exit_code


def test_retold__worklist_keeps_the_faults_that_it_names() -> None:
    assert WorklistError.retold(str(WORKLIST)).faults == WORKLIST.faults[:20]


def test_export_report__writes_all_or_nothing(tmp_path: Path) -> None:
    good: Any = v4.new_notebook(cells=[v4.new_markdown_cell("# A report")])
    assert "A report" in export_report(good, tmp_path / "deep" / "report.html").read_text(encoding="utf-8")
    bad: Any = v4.new_notebook(
        cells=[v4.new_code_cell("x", outputs=[v4.new_output("error", ename="E", evalue="", traceback=[])])]
    )
    with pytest.raises(DynsyncError):
        export_report(bad, tmp_path / "other.html")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["deep"]


def test_start_kernel__imports_ahead_and_leaves_no_name(tmp_path: Path) -> None:
    source = "import sys\nprint('wave' in sys.modules, 'wave' in globals())"
    told = runner.read_notebook(_write(tmp_path / "a.ipynb", source))
    with start_kernel(tmp_path, imports=["not_there", "wave"]) as kernel:
        kernel.run(told, timeout_s=60)
    assert [output.text for output in told.cells[0].outputs] == ["True False\n"]


def test_start_kernel__one_that_never_runs_is_ended(tmp_path: Path) -> None:
    with start_kernel(tmp_path) as kernel:
        manager: Any = kernel._client.km
        number = manager.provisioner.pid
        os.kill(number, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_notebook_format__leaves_the_grammar_to_whoever_needs_it() -> None:
    code = (
        "import sys\n"
        "from dynsync_lib.report.notebook_format import nbformat\n"
        "assert 'rfc3987_syntax' not in sys.modules, 'still imported'\n"
        "assert nbformat.v4.new_notebook().nbformat == 4\n"
        "import rfc3987_syntax\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
