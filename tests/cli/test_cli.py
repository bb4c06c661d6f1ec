"""The command line: what it prints, and how it ends."""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.services.config.manager import ConfigManager

from dynsync_lib import kit
from dynsync_lib.cli import commands, forecast_words, start_commands
from dynsync_lib.core.explain.evidence import Step
from dynsync_lib.emulator.conditions.switches import Rights
from dynsync_lib.emulator.serving.emulator import Emulator
from tests.pulls import small_portals

Run = Callable[..., int]
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command in an empty folder; its exit code comes out."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["dynsync", *arguments])
        with pytest.raises(SystemExit) as ended:
            commands.main()
        return int(ended.value.code or 0)

    return call


@pytest.fixture
def loaded(run: Run, tmp_path: Path) -> Run:
    """The same, where a snapshot `s` and settings `dynsync.toml` are ready."""
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "contacts.csv").write_text("hs_object_id,email\n1,ada@example.com\n2,\n", encoding="utf-8")
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    assert run("load", "--hubspot", "h", "--out", "s", "--taken-at", "2026-11-23") == 0
    return run


def test_help__names_every_command(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    told = capsys.readouterr().out
    for name in (
        "demo",
        "init",
        "check",
        "pull",
        "load",
        "sign-out",
        "forecast",
        "recipes",
        "explain",
        "audit",
        "report",
        "rules",
        "emulator",
        "lab",
    ):
        assert f"  {name} " in told


def test_forecast__prints_six_figures_and_json(loaded: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert loaded("forecast", "s", "--out", "f") == 0
    printed = capsys.readouterr().out
    assert "1  record created in Dynamics" in printed
    says = "Not checked: Dynamics contacts were not delivered."
    assert says in printed
    assert loaded("forecast", "s", "--out", "f", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"]["outcomes"] == 2
    assert [sentence.startswith(says) for sentence in told["not_checked"]] == [True, False]
    assert len(told) == 11


class _Ended:
    """A process that has ended well."""

    stdin = None

    def wait(self, timeout: float | None = None) -> int:
        del timeout
        return 0


@pytest.mark.parametrize(("user", "asked"), [(0, ["--allow-root"]), (1000, [])])
def test_lab__opens_for_root_too(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, user: int, asked: list[str]
) -> None:
    calls: list[list[str]] = []

    def start(command: list[str], **_: object) -> _Ended:
        calls.append(command)
        return _Ended()

    monkeypatch.setattr("os.geteuid", lambda: user, raising=False)
    monkeypatch.setattr("subprocess.Popen", start)
    (tmp_path / "notebooks").mkdir()
    assert run("lab") == 0
    assert "--ServerApp.ip=127.0.0.1" in calls[0]
    assert [one for one in calls[0] if "root" in one] == asked


def test_lab__takes_a_port_and_opens_no_browser(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[list[str]] = []

    def start(command: list[str], **_: object) -> _Ended:
        calls.append(command)
        return _Ended()

    monkeypatch.setattr("subprocess.Popen", start)
    assert run("lab", str(tmp_path), "--port", "8899", "--no-browser") == 0
    assert list(calls[0][-4:]) == [
        f"--notebook-dir={tmp_path}",
        "--ServerApp.port=8899",
        "--ServerApp.port_retries=0",
        "--no-browser",
    ]


def test_lab__opens_the_notebooks_of_the_clone_from_anywhere(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []

    def open_lab(folder: Path, **_: object) -> int:
        folders.append(folder)
        return 0

    monkeypatch.setattr(start_commands, "run_lab", open_lab)
    assert run("lab") == 0
    assert folders == [REPOSITORY / "notebooks"]


@pytest.mark.parametrize("before", [None, "/somebody/elses"])
def test_lab__does_not_ask_for_news(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: str | None
) -> None:
    environments: list[dict[str, str]] = []

    def start(command: list[str], *, env: dict[str, str], **_: object) -> _Ended:
        del command
        environments.append(env)
        return _Ended()

    monkeypatch.delenv("JUPYTER_CONFIG_PATH", raising=False)
    if before:
        monkeypatch.setenv("JUPYTER_CONFIG_PATH", before)
    monkeypatch.setattr("subprocess.Popen", start)
    (tmp_path / "notebooks").mkdir()
    assert run("lab") == 0
    path = environments[0]["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert path[:-1] == ([before] if before else [])
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", os.pathsep.join(path))
    read_labconfig: Any = ConfigManager(config_dir_name="labconfig").get  # states no types
    settings = read_labconfig("default_setting_overrides")
    assert settings["@jupyterlab/apputils-extension:notification"] == {"fetchNews": "false", "checkForUpdates": False}


def test_forecast__fail_on_ends_with_1(loaded: Run) -> None:
    assert loaded("forecast", "s", "--out", "f", "--fail-on", "blocker") == 0
    assert loaded("audit", "--forecast", "f", "--fail-on", "low") == 1
    assert loaded("audit", "--forecast", "f", "--fail-on", "terrible") == 2


def test_audit__judges_no_forecast_whose_outcomes_were_changed(loaded: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert loaded("forecast", "s", "--out", "f") == 0
    Path("f/outcomes.parquet").write_bytes(Path("f/summary.parquet").read_bytes())
    capsys.readouterr()
    assert loaded("audit", "--forecast", "f") == 2
    told = capsys.readouterr()
    assert (told.out, "outcomes.parquet was changed after the forecast was made" in told.err) == ("", True)


def test_recipes__names_each_lookup_and_its_text_column(loaded: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert loaded("recipes", "s") == 0
    assert "new_parentcustomerid_text" in capsys.readouterr().out
    assert loaded("recipes", "s", "--json") == 0
    told = json.loads(capsys.readouterr().out)["recipes"]
    assert [(row["object"], row["column"]) for row in told] == [
        ("contact", "parentcustomerid"),
        ("contact", "transactioncurrencyid"),
    ]
    assert (told[0]["text_length"], told[0]["filled"], told[0]["fill_rate"]) == (200, None, None)


def test_named_forecast__no_other_folder_is_looked_at(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    is_dir = Path.is_dir

    def refuse(path: Path) -> bool:
        if path.parts[0] == "out":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", refuse)
    assert run("audit", "--forecast", "f") == 2
    assert capsys.readouterr().err.startswith("f ")


def test_masking__the_chain_of_one_record_is_not_offered_as_counts(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("explain", "--help") == 0
    assert " ".join(capsys.readouterr().out.split()).count("none, partial or pseudonym.") == 1
    assert run("explain", "ada", "--masking", "counts") == 2
    assert " ".join(capsys.readouterr().err.split()) == (
        "Masking at `counts` hides every record, and what you asked for shows records. Name one of none, partial, "
        "pseudonym, or run `dynsync audit --masking counts` for numbers."
    )


@pytest.mark.parametrize(
    ("command", "levels"),
    [
        ("explain", "none, partial, pseudonym"),
        ("report", "none, partial, pseudonym, counts"),
        ("worklist", "none, partial, pseudonym, counts"),
    ],
)
def test_masking__a_level_that_there_is_not(
    run: Run, capsys: pytest.CaptureFixture[str], command: str, levels: str
) -> None:
    key = ["ada"] if command == "explain" else []
    assert run(command, *key, "--masking", "all") == 2
    assert capsys.readouterr().err.split(". ")[-1].split("\n")[1] == f"Name one of {levels}."


def test_failure__names_the_folder_one_is_in(
    loaded: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def mkdtemp(**_: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", "dynsync-random")

    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    capsys.readouterr()
    assert loaded("forecast", "s", "--out", "f") == 2
    assert capsys.readouterr().err.startswith("The folder you are in cannot be used: permission denied.")


def test_explain__prints_the_chain(loaded: Run, capsys: pytest.CaptureFixture[str]) -> None:
    loaded("forecast", "s")
    capsys.readouterr()
    assert loaded("explain", "Ada@example.com") == 0
    told = capsys.readouterr().out
    assert told.startswith("hubspot contact 1: create\n")
    assert "record.create · SEED, P1 (seed)" in told
    assert loaded("explain", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["records"][0]["record_id"] == "1"


def test_print_chain__cuts_whole_cells_for_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    says = f"HubSpot email would get '{'x' * 300_000}', which is no valid address."
    forecast_words.print_chain(kit.Explanation("hubspot", "contact", "1", "failing", (Step("refusal", says),)))
    printed = " ".join(capsys.readouterr().out.split())
    assert len(printed) < 1_200
    assert "[299,154 characters left out; --json shows all]" in printed
    assert printed.endswith("', which is no valid address.")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("forecast", "nowhere"), "nowhere is no snapshot: it has no manifest.json."),
        (("forecast", "s", "--set", "company_dup"), "--set company_dup is not of the form assumption=choice."),
        (
            ("forecast", "s", "--set", "email_norm=exact", "--set", "email_norm=lower_trim"),
            "--set email_norm is given twice, as exact and as lower_trim.",
        ),
        (("forecast", "s", "--set", "company_dup=x"), "--set: `company_dup` is 'x'; allowed are"),
        (("forecast", "s", "--engine", "oracle"), "There is no engine `oracle`."),
        (("forecast", "s", "--settings", "none.toml"), "none.toml is not there."),
        (("forecast", "s", "--out", "h"), "h holds something else than a forecast."),
        (
            ("load", "--hubspot", "h", "--out", "t", "--column", "email"),
            "--column email is not of the form name=heading.",
        ),
        (
            ("load", "--hubspot", "h", "--out", "t", "--column", "email=Mail", "--column", "email= E-mail"),
            "--column email is given twice, as Mail and as E-mail.",
        ),
        (("load", "--out", "t"), "No folder to load was named."),
        (("load", "--hubspot", "h", "--out", "s"), "s exists already."),
        (("explain", "nobody", "--forecast", "s"), "s is no forecast"),
        (("lab", "nowhere"), "nowhere is no folder."),
        (("forecast", "s", "--settings", "h"), "h is a folder."),
        (("pull", "--out", "p"), "The environment variable HUBSPOT_TOKEN is not set."),
        (("init", "h/contacts.csv"), "h/contacts.csv cannot be used: "),
        (("init", "/proc/nobody"), "/proc/nobody cannot be used: "),
        (("forecast", "s", "--out", "/proc/nobody/f"), "/proc/nobody cannot be used: "),
        (("load", "--hubspot", "h", "--out", "h/contacts.csv/s"), "h/contacts.csv"),
        (("check", "--emulator", "empty.json"), "empty.json does not hold the line that an emulator printed."),
    ],
)
def test_wrong_use__one_sentence_and_2(
    loaded: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "empty.json").write_text('{"hubspot": {}, "dynamics": {}}', encoding="utf-8")
    before = sorted(path.name for path in tmp_path.iterdir())
    assert loaded(*arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith(says)
    assert "Traceback" not in told
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_init__takes_the_name_of_a_file(run: Run, tmp_path: Path) -> None:
    assert run("init", "acme/upsell.toml", "--example", "dynamics-upsell") == 0
    assert run("check", "--settings", "acme/upsell.toml", "--settings-only") == 0
    assert [path.name for path in (tmp_path / "acme").iterdir()] == ["upsell.toml"]
    assert run("init", "acme/upsell.toml") == 2


def test_init_and_check(run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("init", "acme") == 0
    assert run("check", "--settings", "acme/dynsync.toml") == 0
    assert run("init", "acme") == 2
    assert "exists already" in capsys.readouterr().err
    (tmp_path / "acme" / "dynsync.toml").write_text("[sync.contact]\ndirecton = 'x'\n", encoding="utf-8")
    assert run("check", "--settings", "acme/dynsync.toml") == 2
    assert "dynsync.toml, line 2: `directon` in [sync.contact] is no setting. Did you mean `direction`?" in (
        capsys.readouterr().err
    )


def test_rules__lists_rules_and_assumptions(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules") == 0
    told = capsys.readouterr().out
    assert "contact.match-email" in told
    assert "first_record_order" in told
    assert run("rules", "--json") == 0
    assert {one["status"] for one in json.loads(capsys.readouterr().out)["rules"]} == {"implemented", "not-modelled"}


def test_rules__by_number_says_what_is_implemented_and_why_not(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", "--numbers") == 0
    printed = capsys.readouterr().out
    assert "2.12" in printed
    assert "9.20" in printed
    assert run("rules", "--json") == 0
    told = {one["number"]: one for one in json.loads(capsys.readouterr().out)["research"]}
    assert len(told) == 177
    assert (told["2.12"]["state"], told["2.12"]["why"]) == ("implemented", None)
    assert told["2.12"]["rules"].split(", ") == [
        "record.first-order",
        "contact.first-per-email",
        "lead.first-per-email",
    ]
    assert (told["1.4"]["state"], told["1.4"]["rules"]) == ("not-modelled", "portal.sales-orders")
    assert "no sales order" in told["1.4"]["why"]


def test_our_own_bug__is_told_in_one_sentence(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit, "rulebook", lambda: 1 / 0)
    assert run("rules") == 2
    assert capsys.readouterr().err.startswith("The kit failed in a way it should not: ZeroDivisionError.")


def test_check__portals_without_secrets_are_not_checked(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HUBSPOT_TOKEN", "DYNAMICS_CLIENT_ID", "DYNAMICS_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    run("init", ".")
    capsys.readouterr()
    assert run("check") == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "dynsync.toml is right."
    assert told[1].split("  ")[0] == "hubspot"
    assert "not checked" in told[1]
    assert "The environment variable HUBSPOT_TOKEN is not set." in told[1]
    assert run("check", "--settings-only") == 0
    assert capsys.readouterr().out == "dynsync.toml is right.\n"
    assert run("check", "--json", "--settings-only") == 0
    assert json.loads(capsys.readouterr().out) == {"settings": "dynsync.toml", "lines": []}


def test_check__half_of_the_secrets(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HUBSPOT_TOKEN", "DYNAMICS_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DYNAMICS_CLIENT_ID", "app")
    run("init", ".")
    capsys.readouterr()
    assert run("check", "--json") == 2
    lines = json.loads(capsys.readouterr().out)["lines"]
    assert [(line["portal"], line["about"], line["state"]) for line in lines] == [
        ("hubspot", "settings", "not_checked"),
        ("dynamics", "settings", "fault"),
    ]


def test_check__emulator(run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    with Emulator(small_portals()) as emulator:
        (tmp_path / "emu.json").write_text(json.dumps(emulator.addresses), encoding="utf-8")
        assert run("check", "--emulator", "emu.json") == 0
        told = capsys.readouterr().out
        assert "HubSpot answers: portal 424242, SANDBOX, a test portal." in told
        assert "Use a service key with read scopes only." in told
        emulator.conditions.rights = Rights(application_user=False)
        assert run("check", "--emulator", "emu.json", "--json") == 3
    lines = json.loads(capsys.readouterr().out)["lines"]
    assert [line["says"] for line in lines if line["state"] == "fault"] == [
        "Dynamics has no application user for this client."
    ]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"hubspot": 1, "dynamics": 2}'])
def test_check__file_that_no_emulator_wrote(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    (tmp_path / "emu.json").write_text(text, encoding="utf-8")
    assert run("check", "--emulator", "emu.json") == 2
    assert capsys.readouterr().err.startswith("emu.json does not hold the line that an emulator printed.")


def test_check__line_of_an_emulator_that_has_ended(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    with Emulator(small_portals()) as emulator:
        (tmp_path / "emu.json").write_text(json.dumps(emulator.addresses), encoding="utf-8")
    assert run("check", "--emulator", "emu.json") == 2
    assert capsys.readouterr().err == (
        "The emulator whose line emu.json holds has ended.\n"
        "Run `dynsync emulator --json > emu.json` and leave it running.\n"
    )


def test_load__says_what_was_made_of_the_files(run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "h").mkdir()
    text = "Datensatz-ID;E-Mail;Erstellungsdatum;Eigenes Feld\n1;ada@example.com;01.02.2026 09:00;x\n"
    (tmp_path / "h" / "contacts.csv").write_bytes(text.encode("cp1252"))
    assert run("load", "--hubspot", "h", "--out", "s", "--time-zone", "Europe/Berlin") == 0
    told = capsys.readouterr().out.splitlines()
    assert told[:4] == [
        "hubspot/contacts.csv: 1 row (UTF-8, semicolon), 3 columns recognised, 1 not known",
        "  guessed: Times without a zone (1): read as Europe/Berlin.",
        "  not known, kept as text: Eigenes Feld",
        "hubspot/properties is not there: what hubspot has out of the box says what fields are and mean.",
    ]
    assert run("load", "--hubspot", "h", "--out", "t", "--json") == 0
    loaded = json.loads(capsys.readouterr().out)["loaded"]
    assert loaded["files"][0]["recognised"]["E-Mail"] == "email"
    assert run("load", "--hubspot", "h", "--out", "u", "--time-zone", "Mars/North") == 2
    assert capsys.readouterr().err.startswith("'Mars/North' is no time zone.")
    assert not (tmp_path / "u").exists()
