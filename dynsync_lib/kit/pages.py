"""The stakeholder's report, and the demo, which ends in one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import dynsync_lib

if TYPE_CHECKING:
    from dynsync_lib.emulator.serving.demo_process import DemoPortals
    from dynsync_lib.forecasts.forecast_folder import Forecast
    from dynsync_lib.report.kernel import Kernel

Say = Callable[[str], None]
_REPORT: Final = Path(dynsync_lib.__file__).parent / "report" / "notebooks" / "report_stakeholder.ipynb"


def report(
    told: Forecast, out: Path | str, *, client: str = "", masked: bool = True, kernel: Kernel | None = None
) -> Path:
    """The stakeholder's report as one HTML file; `client` stands on its cover, people are masked unless said otherwise.

    `kernel` is one that was started for it in time. Raises UsageError when the kit's notebooks are not there.
    """
    from dynsync_lib.report.runner import write_report

    parameters = {"forecast_folder": str(told.folder.resolve()), "client": client, "masked": masked}
    return write_report(_REPORT, Path(out), parameters=parameters, kernel=kernel)


def demo(out: Path | str, *, progress: Say | None = None) -> Forecast:
    """The whole kit on two emulated portals; leaves snapshot, settings, forecast and report.html in `out`.

    What an earlier demo left there is replaced.
    """
    from dynsync_lib.emulator.serving.demo_process import DemoPortals

    say = progress or _silent
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "snapshot", ignore_errors=True)
    with DemoPortals() as portals, _kernel_of_report() as kernel:
        told = _forecast_demo(portals, folder, say)
        say("Writing the report ...")
        report(told, folder / "report.html", client="Demo", kernel=kernel)
    return told


def _kernel_of_report() -> AbstractContextManager[Kernel]:
    """The report's kernel, started early: on a second core it imports what it needs while the forecast is made."""
    from dynsync_lib.report.kernel import start_kernel
    from dynsync_lib.report.runner import AHEAD

    return start_kernel(_REPORT.parent, imports=AHEAD)


def _forecast_demo(portals: DemoPortals, folder: Path, say: Say) -> Forecast:
    say("Starting both emulated portals on 127.0.0.1 ...")
    from dynsync_lib.kit.forecasts import forecast
    from dynsync_lib.kit.portals import pull

    import_module("dynsync_lib.portals.pull.pull_portals")  # now, while the portals start
    served, settings = portals.wait_until_served(), folder / "dynsync.toml"
    settings.write_text(served.settings, encoding="utf-8")
    say("Pulling them over HTTP ...")
    snapshot = pull(settings, folder / "snapshot", addresses=served.addresses, progress=say)
    portals.ask_to_stop()
    say("Forecasting ...")
    return forecast(snapshot, settings, folder / "forecast")


def _silent(sentence: str) -> None:
    del sentence
