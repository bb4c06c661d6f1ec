"""What is written after a command, read and checked.

Where it is used: the modules of commands.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from dynsync_lib import kit
from dynsync_lib.errors import UsageError
from dynsync_lib.folders.temporary_folder import bring_back
from dynsync_lib.small_files import read_json

Json = Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")]
USUAL_SETTINGS: Final = Path("dynsync.toml")
"""The settings file of commands that are told of none."""
SYSTEMS: Final = {"hubspot": "HubSpot", "dynamics": "Dynamics"}
"""The names of both systems by their keys in figures."""

SettingsFile = Annotated[Path, typer.Option("--settings", help="The engagement's dynsync.toml.")]
EmulatorFile = Annotated[
    Path | None, typer.Option("--emulator", help="JSON line of a running `dynsync emulator`, instead of real portals.")
]
RehearsalFolder = Annotated[Path, typer.Argument(help="Folder of a rehearsal.")]
SnapshotFolder = Annotated[Path, typer.Argument(help="Folder of a snapshot.")]
ForecastSnapshot = Annotated[
    Path | None,
    typer.Option("--snapshot", help="The snapshot that was forecast; default: where the forecast found it."),
]
Bindings = Annotated[
    Path | None,
    typer.Option("--bindings", help="Pairs of an earlier run: a forecast's folder, or a CSV or Parquet file."),
]
CsvTables = Annotated[bool, typer.Option("--csv", help="Write CSV files beside the Parquet files.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="assumption=choice; may be repeated.")]
ForecastFolder = Annotated[
    Path | None, typer.Option("--forecast", help="Folder of a forecast; default out/forecast, else the demo's.")
]
MaskingLevel = Annotated[
    str | None, typer.Option("--masking", help="How much of people is shown: none, partial, pseudonym or counts.")
]
RecordsMasking = Annotated[
    str | None, typer.Option("--masking", help="How much of people is shown: none, partial or pseudonym.")
]
FailOn = Annotated[str, typer.Option("--fail-on", help="Exit 1 when a finding is this severe or worse.")]

_PORTS: Final = 65_535
World = Annotated[Path | None, typer.Option(help="World folder; default: the shipped demo world.")]
HubspotPort = Annotated[int, typer.Option(help="Port of the HubSpot API; 0: any free one.", min=0, max=_PORTS)]
DynamicsPort = Annotated[int, typer.Option(help="Port of the Dataverse API; 0: any free one.", min=0, max=_PORTS)]
StoppedClock = Annotated[
    str | None,
    typer.Option(
        help="Stop the portals' time at this moment (UTC); default: the machine's time.", metavar="<datetime>"
    ),
]
NoRecords = Annotated[bool, typer.Option("--no-records", help="Begin with empty portals: fields and people alone.")]
StateFolder = Annotated[
    Path | None, typer.Option("--state", help="Folder in which what is written stays; default: gone at the end.")
]
NoLimits = Annotated[bool, typer.Option("--no-limits", help="Never answer that there were too many requests.")]

_USUAL_FOLDERS: Final = (Path("out/forecast"), Path("out/demo/forecast"))
SEVERITIES: Final = ("blocker", "high", "medium", "low")
"""Of findings, the worst first."""


_PRINTED: Final = {
    "hubspot": ("url", "token"),
    "dynamics": ("url", "tls_url", "authority", "tenant_id", "client_id", "client_secret", "ca_file"),
}
"""What an emulator prints about each portal."""


def read_addresses(file: Path | None) -> kit.Addresses | None:
    """What `dynsync emulator --json` printed, from a file; None without one.

    Raises UsageError when it is not that, and when that emulator has ended: its certificate is gone then.
    """
    if file is None:
        return None
    try:
        printed: kit.Addresses = read_json(file)
        addresses = {name: {key: str(printed[name][key]) for key in keys} for name, keys in _PRINTED.items()}
    except (ValueError, KeyError, TypeError):
        raise _no_emulator(f"{file} does not hold the line that an emulator printed.", file) from None
    if not os.path.isfile(addresses["dynamics"]["ca_file"]):
        raise _no_emulator(f"The emulator whose line {file} holds has ended.", file)
    return addresses


def _no_emulator(sentence: str, file: Path) -> UsageError:
    return UsageError(sentence, next_step=f"Run `dynsync emulator --json > {file}` and leave it running.")


def read_moment(option: str, text: str | None) -> datetime | None:
    """The moment that an option names, in UTC where it names no zone; None without one.

    Raises UsageError when it is neither a day nor a day with a time.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} {text!r} is no moment.",
            next_step=f"Write a day, or a day and a time in UTC: {option} 2026-11-23T09:00:00.",
        ) from None


def read_assumptions(choices: Iterable[str] | None) -> dict[str, str]:
    """The choices of `--set assumption=choice`, by assumption. Raises UsageError as `read_named` does."""
    return read_named("--set", "assumption=choice", choices, "See `dynsync rules`.", may_be_empty=False)


def read_columns(columns: Iterable[str] | None, settings: Path | None) -> dict[str, str]:
    """The headings of `--column name=heading` by column, which win over `[files.columns]` of the settings.

    Raises UsageError as `read_named` does, and SettingsError for wrong settings.
    """
    named = read_named("--column", "name=heading", columns, 'Write --column emailaddress1="Email 1".')
    return {**(kit.read_settings(settings).files.columns if settings is not None else {}), **named}


def read_named(
    option: str, form: str, texts: Iterable[str] | None, next_step: str, *, may_be_empty: bool = True
) -> dict[str, str]:
    """The values of an option that may be given several times, by the name before their equals sign, trimmed.

    Raises UsageError, with the next step, when one has another form than `form`, and when two of one name differ.
    """
    named: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name or not (value or may_be_empty):
            raise UsageError(f"{option} {text} is not of the form {form}.", next_step=next_step)
        if named.setdefault(name, value) != value:
            raise UsageError(
                f"{option} {name} is given twice, as {named[name]} and as {value}.", next_step="Leave one of them out."
            )
    return named


def read_masking(level: str | None, *, default: str) -> str:
    """The level of masking that --masking names, or the default. Raises UsageError for one that there is not."""
    return default if level is None else kit.read_masking(level).value


def read_flagged_masking(
    level: str | None,
    *,
    default: str,
    flag: str,
    flag_means: str | None,
    lists_records: bool = False,
) -> str:
    """The level of masking that --masking names, or what the `flag` that was given means, or the default.

    Raises UsageError for one that there is not, for `counts` where nothing but records is shown (`lists_records`), and
    when --masking and the flag say something else.
    """
    read = kit.records_masking if lists_records else kit.read_masking
    asked = default if level is None else read(level).value
    if flag_means is None:
        return asked
    if level is not None and asked != flag_means:
        raise UsageError(f"--masking {level} and {flag} contradict each other.", next_step="Leave one of them out.")
    return flag_means


def refuse_severity(fail_on: str) -> None:
    """Raises UsageError when `--fail-on` names no severity; nothing at all is right."""
    if fail_on and fail_on not in SEVERITIES:
        raise UsageError(f"--fail-on {fail_on} is no severity.", next_step=f"Use one of: {', '.join(SEVERITIES)}.")


def at_least(severity: str) -> tuple[str, ...]:
    """The severities that are as bad or worse."""
    return SEVERITIES[: SEVERITIES.index(severity) + 1]


def exit_on(forecast: kit.Forecast, fail_on: str) -> None:
    """Ends the command with code 1 when a finding is as severe as `fail_on` or worse; an empty text ends nothing."""
    worst = at_least(fail_on) if fail_on else ()
    if any(row["severity"] in worst for row in forecast.rows("findings")):
        raise typer.Exit(1)


def open_forecast(folder: Path | None) -> kit.Forecast:
    """The forecast of a folder or, when none is named, the last one: of `dynsync forecast`, else of the demo."""
    return kit.open_forecast(_last_forecast() if folder is None else folder)


def _last_forecast() -> Path:
    for usual in _USUAL_FOLDERS:
        bring_back(usual)
    return next(filter(Path.is_dir, _USUAL_FOLDERS), _USUAL_FOLDERS[0])
