"""The stakeholder's report, and the demo, which ends in one."""

from __future__ import annotations

import base64
import hashlib
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import dynsync_lib
from dynsync_lib.kit.opened import AnyForecast, opened_forecast
from dynsync_lib.kit.progress import Say, silent

if TYPE_CHECKING:
    from dynsync_lib.core.settings import ReportSettings
    from dynsync_lib.emulator.serving.demo_process import DemoPortals
    from dynsync_lib.forecasts.counted_forecast import CountedForecast
    from dynsync_lib.forecasts.forecast_folder import Forecast
    from dynsync_lib.report.accuracy import ForecastTest
    from dynsync_lib.report.kernel import Kernel
    from dynsync_lib.report.look import Look
    from dynsync_lib.report.pieces import Piece

_REPORT: Final = Path(dynsync_lib.__file__).parent / "report" / "notebooks" / "report_stakeholder.ipynb"


def report(
    forecast: AnyForecast,
    out: str | Path,
    *,
    client: str = "",
    masked: bool = True,
    masking: str = "pseudonym",
    verification: str | Path | None = None,
    kernel: Kernel | None = None,
    settings: str | Path | None = None,
    language: str = "",
) -> Path:
    """The stakeholder's report as one HTML file; gives back its path.

    `client` stands on its first page. `settings` is a dynsync.toml whose section `[report]` says how it looks and in
    which language it is; without one those of the forecast say it, but for the logo, whose file they do not hold.
    `language` ("en", "de") wins over both. `verification` is what its accuracy is told from: see `find_test`. People
    are masked at the level `masking` (partial, pseudonym, or counts, which leaves records out and rounds numbers of
    people) unless `masked` is False. `kernel` is one that was started for it in time
    (`report.kernel.start_kernel`). It runs a notebook, which takes a few seconds for a portal of any size.

    Raises DynsyncError when a cell of the notebook fails, SettingsError or UsageError when the settings, the language
    or the logo cannot be used.

    >>> path = kit.report("out/demo/forecast", "out/report.html", client="Contoso")
    >>> "Contoso" in path.read_text(encoding="utf-8")
    True
    """
    from dynsync_lib.forecasts.forecast_folder import read_masking
    from dynsync_lib.report.runner import write_report

    opened = opened_forecast(forecast)
    find_test(opened, verification or "")  # what is wrong with it is told before a notebook runs
    parameters: dict[str, str | bool] = {
        "forecast_folder": str(opened.folder.resolve()),
        "verification_folder": "" if verification is None else str(Path(verification).resolve()),
        "client": client,
        "masked": masked,
        "masking": read_masking(masking).value,
    }
    look = _look(opened, settings, language)
    return write_report(_REPORT, Path(out), parameters=parameters, kernel=kernel, look=look)


def _look(forecast: Forecast, settings: str | Path | None, language: str) -> Look:
    """The look that the settings ask for, in the language that was asked for, if any."""
    from dynsync_lib.kit.rulebooks import read_settings
    from dynsync_lib.report.look import make_look

    wanted = _recorded_wishes(forecast) if settings is None else read_settings(settings).report
    logo = Path(settings or "").parent / wanted.logo if wanted.logo else None
    return make_look(language=language or wanted.language, agency=wanted.agency, logo=logo, colour=wanted.colour)


def _recorded_wishes(forecast: Forecast) -> ReportSettings:
    """What the settings that the forecast was made with say of its report, without the logo."""
    from dynsync_lib.core.settings import ReportSettings
    from dynsync_lib.forecasts.forecast_folder import open_forecast

    settings = open_forecast(forecast.folder).info.get("settings") or {}
    recorded = {name: word for name, word in settings.get("report", {}).items() if name in ReportSettings.__slots__}
    return replace(ReportSettings(**recorded), logo="")


def find_test(forecast: AnyForecast | CountedForecast, folder: str | Path = "") -> ForecastTest | None:
    """How right the forecast was, for the report; None when nobody has tested it.

    `folder` is that of a verification (`dynsync verify --out`) or of a rehearsal that was compared; without one a
    folder `verification` beside the forecast's counts.

    Raises SnapshotError when `folder` holds neither, UsageError when it is about another forecast.

    >>> kit.find_test(kit.open_forecast("out/demo/forecast")) is None
    True
    """
    from dynsync_lib.forecasts.counted_forecast import CountedForecast
    from dynsync_lib.kit.tested_forecasts import find_tested  # hardly any forecast is tested

    is_counted = isinstance(forecast, CountedForecast)
    whole = forecast.forecast if isinstance(forecast, CountedForecast) else opened_forecast(forecast)
    tested = find_tested(whole, Path(folder) if str(folder) else None)
    return None if tested is None else replace(tested, shows_records=not is_counted)


def record_finder(forecast: Forecast | CountedForecast) -> Piece:
    """The why-chain of any record, found in the report itself by an address, a company's name or an id that is typed.

    The page holds hashes of at most 6,000 records' addresses and ids, failing, shadowed and excluded records first, and
    no address. Of a masked forecast people are found by their address only together with `finder_code`. In a notebook,
    where its script does not run, ask `kit.explain`. It reads these outcomes: about a tenth of a second. Where no
    records are shown, a sentence says so.

    >>> kit.record_finder(kit.open_forecast("out/demo/forecast").masked())
    In this file: all 42 failing; all 79 shadowed; all 449 excluded; ...
    """
    from dynsync_lib.forecasts.counted_forecast import CountedForecast
    from dynsync_lib.forecasts.forecast_folder import open_forecast
    from dynsync_lib.forecasts.masking_secret import masking_secret
    from dynsync_lib.report.forecast_tables import RECORDS_HIDDEN
    from dynsync_lib.report.pieces import Piece, render
    from dynsync_lib.report.record_finder import show_finder

    if isinstance(forecast, CountedForecast):
        return Piece(render("empty", sentence=RECORDS_HIDDEN), RECORDS_HIDDEN)
    salt = hashlib.sha256(f"salt of the finder {masking_secret(forecast.folder)}".encode()).hexdigest()[:16]
    code = finder_code(forecast).replace("-", "") if forecast.is_masked else ""
    return show_finder(open_forecast(forecast.folder), forecast.info, salt, code)


def finder_code(forecast: Forecast) -> str:
    """The code with which a masked report finds people by their address. It stands in no report: hand it over apart.

    >>> len(kit.finder_code(kit.open_forecast("out/demo/forecast")))
    14
    """
    from dynsync_lib.forecasts.masking_secret import masking_secret

    digest = hashlib.sha256(f"code of the finder {masking_secret(forecast.folder)}".encode()).digest()
    letters = base64.b32encode(digest).decode().lower()
    return "-".join(letters[start : start + 4] for start in (0, 4, 8))


def rule_catalogue() -> Piece:
    """Every rule of the sync with confidence and sources; the rule ids of the report link to its rows.

    >>> kit.rule_catalogue()
    121 rules of the sync, with how sure they are
    """
    from dynsync_lib.kit.rulebooks import rulebook
    from dynsync_lib.kit.tables import rule_rows
    from dynsync_lib.report.rule_catalogue import show_rules

    book = rulebook()
    return show_rules(rule_rows(book), {source.key: source.title for source in book.sources.values()})


def demo(out: str | Path, *, progress: Say | None = None) -> Forecast:
    """The whole kit on two emulated portals; leaves snapshot, dynsync.toml, forecast and report.html in `out`.

    An earlier demo there is replaced when this one is whole; anything else there is refused. `progress` is called with
    a sentence at each step. It takes about ten seconds, and listens on 127.0.0.1 only.

    Raises UsageError when `out` holds something else than a demo, or settings that were edited.

    >>> forecast = kit.demo("out/demo")
    >>> kit.six_figures(forecast).as_dict()["created_in_hubspot"]
    1172
    """
    from dynsync_lib.emulator.serving.demo_process import DemoPortals
    from dynsync_lib.kit.demo_folder import replaced_demo

    say = progress or silent
    folder = Path(out)
    with replaced_demo(folder) as new, DemoPortals() as portals, _kernel_of_report() as kernel:
        forecast = _forecast_demo(portals, new, say)
        say("Writing the report ...")
        report(forecast, new / "report.html", client="Demo", kernel=kernel)
    return replace(forecast, folder=folder / "forecast")


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
