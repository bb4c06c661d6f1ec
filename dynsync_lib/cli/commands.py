"""The `dynsync` command: which commands there are. Their modules read arguments, call the kit and print.

Exit codes: 0 done, 1 done and not as it should be (a command's help says what that is: findings of the severity named
with --fail-on, differences, misses, refusals), 2 wrong use or settings, 3 portal unreachable or refused, 128 and the
number of the signal when stopped (130 for Ctrl-C).
"""

from __future__ import annotations

import atexit
import gc
import os
from typing import Annotated

import typer

from dynsync_lib.cli import console
from dynsync_lib.cli.diff_commands import diff, settings_diff
from dynsync_lib.cli.failures import print_failure
from dynsync_lib.cli.forecast_commands import audit, explain, forecast, recipes, replay, report
from dynsync_lib.cli.go_live_command import go_live
from dynsync_lib.cli.plain_parameters import PlainGroup
from dynsync_lib.cli.portal_commands import check, emulator, load, pull, sign_out
from dynsync_lib.cli.purge_command import purge
from dynsync_lib.cli.rehearse_commands import rehearse
from dynsync_lib.cli.start_commands import demo, init, lab, rules
from dynsync_lib.cli.stopping import Stopped, stoppable, stopped_early
from dynsync_lib.cli.suggest_command import suggest
from dynsync_lib.cli.trial_commands import apply_recipe, calibrate, try_mapping
from dynsync_lib.cli.verify_command import verify
from dynsync_lib.cli.worklist_commands import worklist
from dynsync_lib.processes import stops_as_interrupts

app = typer.Typer(
    name="dynsync",
    cls=PlainGroup,
    help="Says before go-live, record by record and both ways, what HubSpot Data Sync with Dynamics 365 will do.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _common(debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False) -> None:
    if debug:
        os.environ["DYNSYNC_DEBUG"] = "1"


# In the order in which `dynsync --help` lists them.
app.command()(demo)
app.command()(init)
app.command()(check)
app.command()(load)
app.command()(pull)
app.command("sign-out")(sign_out)
app.command()(forecast)
app.command()(diff)
app.command("settings-diff")(settings_diff)
app.command()(replay)
app.command()(verify)
app.command()(suggest)
app.command()(calibrate)
app.command("try-mapping")(try_mapping)
app.command("apply-recipe")(apply_recipe)
app.command()(recipes)
app.command()(explain)
app.command()(audit)
app.command()(report)
app.command("go-live")(go_live)
app.command()(purge)
app.command()(rules)
app.command()(emulator)
app.command()(lab)
app.add_typer(rehearse)
app.add_typer(worklist)
stoppable(app)


def main() -> None:
    """Runs the command; an error is one red sentence and a next step, never a traceback (unless --debug)."""
    atexit.register(gc.freeze)  # a process that ends need not look for what could be freed: half a second of the demo
    try:
        with stops_as_interrupts():
            app(prog_name="dynsync")
    except (Stopped, KeyboardInterrupt) as fault:
        stopped = fault if isinstance(fault, Stopped) else stopped_early()
        console.err.print(str(stopped))
        raise SystemExit(stopped.exit_code) from None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is said in a sentence
        raise SystemExit(print_failure(error)) from None
