"""docs/emulator.md: made from the routes themselves and from what their modules say of themselves."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from dynsync_lib import emulator
from dynsync_lib.emulator.conditions import switches
from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.dataverse import routes as dataverse_routes
from dynsync_lib.emulator.entra import errors as entra_errors
from dynsync_lib.emulator.entra import sign_in
from dynsync_lib.emulator.hubspot import routes as hubspot_routes
from dynsync_lib.emulator.serving import control_api

_FOLDER = Path(str(emulator.__file__)).parent
_CLIENTS = Path(__file__).resolve().parents[1] / "tests" / "emulator" / "clients.toml"
_NO_PORTAL = ("witness", "world")
"""What stands in the emulator's folder and answers nobody: the second opinion and the demo world."""
_NAMED = re.compile(r"\(\?P<(\w+)>[^)]*\)")
_UNKNOWN = (
    "HubSpot's list order and what its cursor means; here ascending ids, and the cursor is the next id.",
    "The bodies of 400 for searches past 10,000 results or pages over 200; here VALIDATION_ERROR with our words.",
    "Whether IN on a property that holds several choices looks at each of them; here it compares the whole value.",
    "Whether a search refuses choices that a property does not have; here they are in no record.",
    "Whether reading or archiving one id twice in a batch is refused; here it is done once.",
    "Whether changing a record that is missing answers a page, as reading it does; here it does.",
    "What creating a record without any property says; here the sentence of an update without any.",
    "The body of the refusal of one association too many; here 400 with crm.associations.LIMIT_EXCEEDED and our words.",
    "The user ids of owners; here invented, by adding 52,000,000.",
    "The exact length at which HubSpot answers 414; here 16,000 characters.",
    "Association type ids of invoices and of records of one kind; here invented: ask for the labels.",
    "Whether bodies of 2026-03 and 2026-09 differ from version 3 beyond the status of batches; here they do not.",
    "The marketing status of contacts that an integration makes; here none.",
    "How Dataverse answers `$skip` and an altered cookie; here 501 and 400 0x80060888.",
    "The code with which Dataverse refuses constants of another type, and SELECT *; here 0x80060888.",
    "Whether Dataverse takes GUIDs in quotes everywhere; here it does, as one of its pages writes them.",
    "How long a real cookie lives, and the form of cookies while changes are tracked; here they do not expire.",
    "The code with which Dataverse refuses to change rows that are not active; here 0x80040203, as a sentence of ours.",
    "Which organisation types real sandboxes report; any can be chosen.",
    "x-ms-dop-hint of small environments; here 4, and it can be chosen.",
)


def emulator_lines() -> Iterator[str]:
    """The lines of the page."""
    yield _HEAD
    yield "## HubSpot\n\nPaths of 2026-03 and 2026-09 reach the same routes; a slash at the end is passed over.\n"
    yield from _table(("Route", "How far it goes"), ((_shown(route), route.note) for route in hubspot_routes.ROUTES))
    yield "\n## Dataverse\n\nUnder `/api/data/v9.2/`, on both the plain and the TLS port.\n"
    rows = [
        (f"`{route.method} {route.shown or '(service document)'}`", route.note) for route in dataverse_routes.ROUTES
    ]
    yield from _table(("Route", "How far it goes"), [*rows, ("`POST $batch`", dataverse_routes.BATCH_NOTE)])
    yield "\n## Sign-in\n\nOn the TLS port.\n"
    yield from _table(("Route", "How far it goes"), ((_shown(route), route.note) for route in sign_in.ROUTES))
    refusals = (f"AADSTS{code} `{error.error}`" for code, error in entra_errors.SIGN_IN_ERRORS.items())
    yield f"\nRefusals: {', '.join(refusals)}.\n"
    yield "## Control plane\n\nUnder `/__emu/` on every port, without a token.\n"
    rows = [(f"`{command.method} {command.name}`", command.note) for command in control_api.COMMANDS]
    yield from _table(("Command", "What it does"), rows)
    yield from _bodies()
    yield from _clients()
    yield "\n## What is not modelled\n"
    yield from not_modelled(_FOLDER)
    yield "\n## What nobody here knows\n\nNot checked against a real portal; what the emulator does instead:\n"
    yield from (f"* {line}" for line in _UNKNOWN)


_HEAD = """# The emulator

`dynsync emulator` serves both portals and Microsoft's sign-in on 127.0.0.1 from a world folder. It is faithful to the
vendors' documents and to recordings, not to production, which was never contacted. What is not listed here answers 501
and names itself.

* `--clock 2026-11-24T12:00:00` stops the portals' time at that moment: the same requests to the same world then get the
  same bytes each time, headers and dates too; only the addresses in them are those of the run. The budgets of callers,
  which time refills, stand still as well, so take `--no-limits` along.
* `--state FOLDER` keeps what is written: records, associations, properties, columns, keys, exports. Served again with
  that folder, the same world goes on from there; `reseed` undoes it for good. Certificates, sign-ins,
  switches and the log are those of a run. A folder serves one emulator at a time, and one world.
* `--no-records` begins with empty portals: fields, owners and users, and no record.
* `--no-limits`, or `enforced` false in the control plane, switches the limiter off: nobody is told to wait.
"""


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}"
    for cells in rows:
        yield f"| {' | '.join(cells)} |"


def _clients() -> Iterator[str]:
    """What clients that others wrote get from the emulator, operation by operation."""
    yield "\n## Clients of others\n\nTests point them at the emulator, row by row: the client gets what the vendor's"
    yield "pages promise (*as documented*), or 501 that names what is missing (*refused by name*).\n"
    yield from _table(("Client", "Version", "Operation", "Result", "Note"), _client_rows())


def _client_rows() -> Iterator[tuple[str, ...]]:
    for client, facts in tomllib.loads(_CLIENTS.read_text(encoding="utf-8")).items():
        for row in facts["operations"]:
            yield (client, facts["version"], row["operation"], row["result"], row["note"])


def _shown(route: Any) -> str:
    """A route's pattern as people write paths: `{name}` for what varies."""
    named = _NAMED.sub(r"{\1}", route.path.pattern).replace("\\", "")
    return f"`{route.method} {named}`"


def _bodies() -> Iterator[str]:
    yield "\nWhat the bodies may hold, with what holds when they do not:\n"
    for name, kind in (
        ("faults", switches.Fault),
        ("rights", switches.Rights),
        ("sign_in", switches.SignInSwitches),
        ("portals", switches.PortalFacts),
        ("limits", Limits),
    ):
        usual: Any = kind()
        parts = (f"`{part.name}` {_usual(getattr(usual, part.name))}" for part in fields(kind))
        yield f"* **{name}**: {', '.join(parts)}."


def _usual(value: Any) -> str:
    if value is None:
        return "(null)"
    if isinstance(value, bool):
        return "(true)" if value else "(false)"
    return f"({value})" if isinstance(value, int | float | str) and value != "" else "(empty)"


def not_modelled(folder: Path) -> Iterator[str]:
    """What the modules that answer say they leave out, in every folder below this one."""
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        if parts[0] in _NO_PORTAL:
            continue
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        part = text.partition("Not modelled\n")[2].partition("\n\n")[0]
        for item in filter(None, part.split("    * ")):
            yield f"* `emulator.{'.'.join(parts)}`: {' '.join(item.split())}"
