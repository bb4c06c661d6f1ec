"""Runs notebooks without a browser, and writes reports of them.

Facts
    * Parameters are the plain assignments of the cell tagged `parameters`; a name that is not there is refused.
    * The notebook file is never changed. A run starts in the notebook's own folder, as in JupyterLab.
    * No time is recorded in the result, so that the same input gives the same report.

Source: nbclient's documentation; the `parameters` tag is papermill's convention.
"""

from __future__ import annotations

import ast
import copy
import difflib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from dynsync_lib import errors
from dynsync_lib.errors import DynsyncError, UsageError
from dynsync_lib.folders.replaced_file import FileKind, refuse_foreign_file, replace_file
from dynsync_lib.report.kernel import Kernel, start_kernel
from dynsync_lib.report.look import Look
from dynsync_lib.report.notebook_format import NotebookNode, nbformat

DEFAULT_LOOK: Final = Look()
TAG: Final = "parameters"
REPORT_FILE: Final = FileKind("a report of the kit", "<!doctype html>", '<meta name="generator" content="DynSync kit">')
"""The mark stands in the template."""
_RUN_NOTEBOOK: Final = FileKind("a notebook", "{", '"cells"')
_TIMEOUT_S: Final = 600.0
INJECTED_TAG: Final = "injected-parameters"
AHEAD: Final = (
    "matplotlib.figure",
    "matplotlib.backends.backend_svg",
    "duckdb",
    "pandas",
    "dynsync_lib.kit",
    "dynsync_lib.report.charts",
    "dynsync_lib.report.views",
)
"""What a report's notebook imports: for `start_kernel`."""


def run_notebook(
    path: Path,
    *,
    parameters: Mapping[str, object] | None = None,
    out: Path | None = None,
    timeout_s: float = _TIMEOUT_S,
) -> NotebookNode:
    """The notebook with its outputs, run with `parameters` (paths are made absolute); also written to `out` if given.

    Raises UsageError when the file is no notebook or a parameter is unknown or of another kind, and DynsyncError (or
    the branch that the notebook itself raised) when a cell fails or takes longer than `timeout_s` seconds.
    """
    notebook = prepare_notebook(path, parameters or {})
    with start_kernel(path.parent) as kernel:
        _execute(notebook, path, kernel, timeout_s)
    if out is not None:
        text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
        replace_file(out, text + "\n", _RUN_NOTEBOOK)
    return notebook


def write_report(
    path: Path,
    out: Path,
    *,
    parameters: Mapping[str, object] | None = None,
    kernel: Kernel | None = None,
    look: Look = DEFAULT_LOOK,
) -> Path:
    """Runs a notebook and writes the report of it to `out`, whole or not at all, and gives back `out`.

    `look` is its language and agency. `kernel` is one that was started for it in time; without one it is started here.
    Raises UsageError when `out` is there and no report of the kit, and as `run_notebook` and `export_report` do.
    """
    refuse_foreign_file(out, REPORT_FILE)
    notebook = prepare_notebook(path, parameters or {})
    with ExitStack() as stack:
        started = kernel or stack.enter_context(start_kernel(path.parent, imports=AHEAD))
        beside = stack.enter_context(ThreadPoolExecutor(1))
        beside.submit(import_module, "dynsync_lib.report.exporter")  # half a second, in which the kernel works
        _execute(notebook, path, started, _TIMEOUT_S)
    return export_report(notebook, out, look)


def prepare_notebook(path: Path, parameters: Mapping[str, object]) -> NotebookNode:
    """The notebook in a file with the parameters in it, ready to be run. Raises UsageError as `run_notebook` does."""
    notebook = read_notebook(path)
    _inject(notebook, _check_parameters(path, read_parameters(notebook), parameters))
    return notebook


def read_notebook(path: Path) -> NotebookNode:
    """The notebook in a file. Raises UsageError when there is none."""
    try:
        notebook: NotebookNode = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    except FileNotFoundError as fault:
        raise UsageError(f"{path} is not there.", next_step="Name a notebook, such as 00_start_here.ipynb.") from fault
    except (OSError, UnicodeDecodeError, nbformat.reader.NotJSONError, nbformat.ValidationError) as fault:
        raise UsageError(f"{path} cannot be read as a notebook.", next_step="Name an .ipynb file.") from fault
    return notebook


def read_parameters(notebook: NotebookNode) -> dict[str, Any]:
    """The names and default values that the cell tagged `parameters` assigns; empty when there is no such cell."""
    values: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and TAG in cell.metadata.get("tags", []):
            for line in ast.parse(cell.source).body:
                if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
                    values[line.targets[0].id] = ast.literal_eval(line.value)
    return values


def _check_parameters(path: Path, known: Mapping[str, Any], asked: Mapping[str, object]) -> dict[str, object]:
    values = {name: str(value.resolve()) if isinstance(value, Path) else value for name, value in asked.items()}
    for name, value in values.items():
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"Did you mean {nearest[0]}?" if nearest else f"It has: {', '.join(known) or 'none'}."
            raise UsageError(f"{path.name} has no parameter {name}.", next_step=hint)
        default = known[name]
        if default is not None and type(value) is not type(default):
            raise UsageError(
                f"The parameter {name} of {path.name} must be {_kind(default)}, not {_kind(value)}.",
                next_step=f"Its default is {default!r}.",
            )
    return values


def _kind(value: object) -> str:
    kinds = {bool: "True or False", int: "a whole number", float: "a number", str: "a text", type(None): "None"}
    return kinds.get(type(value), f"a {type(value).__name__}")


def _inject(notebook: NotebookNode, values: Mapping[str, object]) -> None:
    if not values:
        return
    index = next(i for i, cell in enumerate(notebook.cells) if TAG in cell.metadata.get("tags", []))
    source = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    tags = {"tags": [INJECTED_TAG]}
    cell = nbformat.v4.new_code_cell(source, id="injected", metadata=tags)  # type: ignore[no-untyped-call]
    notebook.cells.insert(index + 1, cell)


def _execute(notebook: NotebookNode, path: Path, kernel: Kernel, timeout_s: float) -> None:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    try:
        kernel.run(notebook, timeout_s=timeout_s)
    except CellExecutionError as fault:
        raise _retell(path, notebook, fault.ename, fault.evalue) from fault
    except CellTimeoutError as fault:
        raise DynsyncError(
            f"{path.name} was stopped: a cell took longer than {timeout_s:g} s.", next_step="Allow it more time."
        ) from fault
    except DeadKernelError as fault:
        raise DynsyncError(
            f"{path.name} was stopped: its Python ended.", next_step="The machine may be short of memory."
        ) from fault


def _retell(path: Path, notebook: NotebookNode, name: str, sentence: str) -> DynsyncError:
    """The notebook's own error, with its next step, when it was one of ours; else one that says which cell failed."""
    kind = getattr(errors, name, None)
    step = "Open the notebook in JupyterLab to see more."
    own_step = _own_step(notebook, sentence) or step
    if isinstance(kind, type) and issubclass(kind, DynsyncError):
        return kind.retold(sentence, next_step=own_step)
    number = sum(1 for cell in notebook.cells if cell.cell_type == "code" and cell.get("execution_count"))
    return DynsyncError(f"{path.name} failed in code cell {number}: {name}.", next_step=step)


def _own_step(notebook: NotebookNode, sentence: str) -> str:
    """What an error of ours shows below its sentence in the failed cell (`DynsyncError`); empty where it shows none."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    shown: list[str] = next((output.traceback for output in outputs if output.output_type == "error"), [])
    lines = sentence.splitlines()
    return " ".join(shown[len(lines) :]) if shown[: len(lines)] == lines else ""


def export_report(notebook: NotebookNode, out: Path, look: Look = DEFAULT_LOOK) -> Path:
    """Writes the report of a run notebook in a look to `out`, whole or not at all, and gives back `out`.

    Raises DynsyncError when the notebook is not fit to be a report (see `exporter`), UsageError when `out` is there and
    is none.
    """
    from dynsync_lib.report.exporter import DynsyncReportExporter  # takes half a second to import

    exporter = DynsyncReportExporter()  # type: ignore[no-untyped-call]
    exporter.look = look
    text, _ = exporter.from_notebook_node(copy.deepcopy(notebook))
    replace_file(out, text, REPORT_FILE)
    return out
