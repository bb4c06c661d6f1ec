"""How a newcomer begins: `demo`, `init`, `rules`, `lab`.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dynsync_lib import kit
from dynsync_lib.cli import console, forecast_words
from dynsync_lib.cli.arguments import Json, read_named
from dynsync_lib.cli.lab import run_lab
from dynsync_lib.cli.own_notebooks import own_notebooks
from dynsync_lib.cli.questions import ask_questions
from dynsync_lib.errors import UsageError


def demo(
    out: Annotated[Path, typer.Option(help="Where snapshot, forecast and report go.")] = Path("out/demo"),
    *,
    as_json: Json = False,
) -> None:
    """Run the whole kit on two emulated portals and leave a report.

    Example: dynsync demo
    """
    forecast = kit.demo(out, progress=None if as_json else console.say)
    report = out / "report.html"
    if as_json:
        console.print_json(
            {"report": str(report), "forecast": str(forecast.folder), **kit.six_figures(forecast).as_dict()}
        )
        return
    forecast_words.print_figures(forecast)
    console.out.print()
    forecast_words.print_report(report, forecast)
    console.out.print(f"Tables:   {forecast.folder}")
    console.out.print("Open the report in a browser, then try `dynsync lab` and notebook 00_start_here.")
    console.out.print("In a clone of the project write `python dynsync.py lab`.")


def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the engagement, or a .toml file of another name.")],
    example: Annotated[
        str | None, typer.Option(help=f"A ready example instead: {', '.join(kit.SETTINGS_EXAMPLES)}.")
    ] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option("--answer", help="With --ask: name=answer instead of a prompt; may be repeated."),
    ] = None,
    *,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask what no API shows; also of a file that is there already.")
    ] = False,
) -> None:
    """Write a commented dynsync.toml: every key at its default, or a ready example. With --ask, ask what no API shows.

    Keys that wait for an answer are commented out. An empty answer skips a question; what has no answer stays not
    checked.

    Example: dynsync init acme --example mql-to-dynamics --ask --answer workflows_started=3
    """
    file = folder if folder.suffix == ".toml" else folder / "dynsync.toml"
    named = read_named("--answer", "name=answer", answers, "See `dynsync init --help`.")
    if named and not ask:
        raise UsageError("--answer belongs to --ask.", next_step="Add --ask.")
    kit.check_answers(named)  # before anything is written
    if not (ask and example is None and file.exists()):
        _write_settings(file, kit.settings_template(example))
    if ask:
        ask_questions(file, named)


def _write_settings(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as stream:  # a link is not followed
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{file} exists already.", next_step="Edit it, or name another folder.") from None
    console.out.print(f"Wrote {file}. Next: edit it, then `dynsync check --settings {file}`.")


def rules(
    *,
    numbers: Annotated[bool, typer.Option("--numbers", help="List the numbered statements of the research.")] = False,
    as_json: Json = False,
) -> None:
    """List every rule with its state, confidence and sources, and every assumption with its choices.

    Example: dynsync rules --numbers
    """
    from dynsync_lib.kit.tables import assumption_rows, research_rows, rule_rows

    listed, knobs, statements = (rows_of(kit.rulebook()) for rows_of in (rule_rows, assumption_rows, research_rows))
    if as_json:
        console.print_json({"rules": listed, "assumptions": knobs, "research": statements})
        return
    if numbers:
        console.print_rows(["number", "state", "confidence", "sources", "rules", "why"], statements)
        return
    console.print_rows(["id", "status", "confidence", "sources", "says"], listed)
    console.out.print("\nAssumptions: set them under [assumptions], or with --set name=choice.")
    console.print_rows(["id", "choices", "default", "question"], knobs)


def lab(
    folder: Annotated[Path | None, typer.Argument(help="Folder of notebooks; default: the kit's own.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Port on 127.0.0.1; default 8888, or the next free one.")
    ] = None,
    *,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
) -> None:
    """Open JupyterLab in the notebooks; its launcher has a card for each.

    It can be reached from this machine alone. Where the kit was installed as a package, its notebooks are copied into
    the folder `notebooks` first.

    Example: dynsync lab --no-browser --port 8899
    """
    notebooks = own_notebooks(console.say) if folder is None else folder
    if not notebooks.is_dir():
        raise UsageError(
            f"{folder} is no folder.", next_step="Name one that holds notebooks, or none for the kit's own."
        )
    raise typer.Exit(run_lab(notebooks, port=port, opens_browser=not no_browser))
