"""Writes the pages that are made from the kit itself: rules.md, cli.md, kit.md, emulator.md.

    python docs/render_pages.py

A test holds the committed pages to what this makes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # when this file runs as a script

from docs.emulator_page import emulator_lines
from docs.kit_page import kit_lines
from dynsync_lib import kit
from dynsync_lib.cli.commands import app

DOCS = Path(__file__).resolve().parent
_MADE = "<!-- Made by docs/render_pages.py; do not edit. -->\n"


def pages() -> dict[str, str]:
    """Text by file name."""
    return {"rules.md": rules_page(), "cli.md": cli_page(), "kit.md": kit_page(), "emulator.md": emulator_page()}


def rules_page() -> str:
    """Every rule and every open question, with sources."""
    return "\n".join([_MADE, *_rules(), *_assumptions(), *_checks(), *_questions(), *_statements(), *_sources()]) + "\n"


def _rules() -> Iterator[str]:
    book = kit.rulebook()
    yield "# The rules\n\nWhat Data Sync does, as far as public pages say; the kit decides by nothing else.\n"
    for status, title in (("implemented", "What the forecast decides by"), ("not-modelled", "Known, and not modelled")):
        yield f"## {title}\n\n| Rule | Says | Confidence | Sources | Research |\n|---|---|---|---|---|"
        for rule in book.rules.values():
            if rule.status == status:
                why = f" *{rule.why}*" if rule.why else ""
                turns = f" Turns on `{rule.assumption}`." if rule.assumption else ""
                told = (f"{rule.says}{turns}{why}", rule.confidence, ", ".join(rule.sources), ", ".join(rule.research))
                yield f"| `{rule.id}` | {' | '.join(told)} |"
        yield ""


def _assumptions() -> Iterator[str]:
    yield "## Open questions\n\nSet under `[assumptions]` in dynsync.toml, or with `--set name=choice`.\n"
    yield "| Assumption | Question | Choices (default first) | State | Sources |\n|---|---|---|---|---|"
    for knob in kit.rulebook().assumptions.values():
        choices = [f"**{knob.default}**", *(one for one in knob.built_choices if one != knob.default)]
        later = [one for one in knob.choices if one not in knob.built_choices]
        told = ", ".join(choices) + (f"; not yet: {', '.join(later)}" if later else "")
        state = f"{knob.status}. {knob.why}" if knob.why else knob.status
        yield f"| `{knob.id}` ({knob.research}) | {knob.question} | {told} | {state} | {', '.join(knob.sources)} |"
    yield ""


def _checks() -> Iterator[str]:
    book = kit.rulebook()
    yield "## Audit rules\n\nWhat the findings of a forecast may say; `#` stands for the number of records.\n"
    yield "| Check | Severity | Finding | Rule |\n|---|---|---|---|"
    for check in book.checks:
        said = check.sentence.format(count="#", names="...") if check.is_countable else check.not_checked
        yield f"| {check.id} | {check.severity} | {said} | `{check.rule_id}` |"
    yield "\n### Without a finding of their own\n\n| Check | Asks | Why not |\n|---|---|---|"
    yield from (f"| {one.id} | {one.says} | {one.why} |" for one in book.unasked_checks)
    yield ""


def _questions() -> Iterator[str]:
    yield "## What is asked of an administrator\n\nWhat no API shows; `dynsync init DIR --ask` asks it.\n"
    yield "| Key | Question | Answer | Where to look | Checks |\n|---|---|---|---|---|"
    for one in kit.rulebook().questions.values():
        yield f"| [{one.section}] {one.name} | {one.asks} | {one.allowed} | {one.where} | {', '.join(one.checks)} |"
    yield ""


def _statements() -> Iterator[str]:
    yield "## By number\n\nEvery numbered statement of the research, and what the kit makes of it.\n"
    for section, rows in kit.research().groupby("section", sort=False):
        yield f"### {section}\n\n| Number | State | Rules | Confidence | Sources |\n|---|---|---|---|---|"
        for row in kit.records(rows):
            state = f"{row['state']}. *{row['why']}*" if row["why"] else row["state"]
            rules = ", ".join(f"`{rule}`" for rule in row["rules"].split(", "))
            yield f"| {row['number']} | {state} | {rules} | {row['confidence']} | {row['sources']} |"
        yield ""


def _sources() -> Iterator[str]:
    yield "## Sources\n\n| Key | Page | Where |\n|---|---|---|"
    for source in kit.rulebook().sources.values():
        yield f"| {source.key} | {source.title} | {source.where} |"


def cli_page() -> str:
    """The help of every command."""
    runner = CliRunner(env={"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"})
    names = ["", *_command_names(typer.main.get_command(app))]
    parts = [_MADE, "# The command line\n"]
    for name in names:
        told = runner.invoke(app, [*name.split(), "--help"], prog_name="dynsync").output
        lines = "\n".join(line.rstrip() for line in told.strip().splitlines())
        parts.append(f"## dynsync {name}".rstrip() + f"\n\n```text\n{lines}\n```\n")
    return "\n".join(parts)


def _command_names(group: Any) -> Iterator[str]:
    """The commands of a group in order of the alphabet, those of a group within it after its own name."""
    for name, command in sorted(group.commands.items()):
        yield name
        if hasattr(command, "commands"):
            yield from (f"{name} {inner}" for inner in _command_names(command))


def kit_page() -> str:
    """Every name of the kit."""
    return "\n".join([_MADE, *kit_lines()])


def emulator_page() -> str:
    """What the emulator answers, route by route, and how far each goes."""
    return "\n".join([_MADE, *emulator_lines()]) + "\n"


def main() -> None:
    """Writes the pages."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
