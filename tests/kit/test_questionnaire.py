"""What no API shows: asked on a terminal, by options and in a form, and what findings make of the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dynsync_lib import kit
from dynsync_lib.cli.commands import app
from dynsync_lib.errors import DynsyncError, SettingsError, UsageError
from tests.kit.small_portals import load_portals
from tests.rulebook_texts import shipped_rulebook

_ASKED = {"G19", "G33", "G43", "G49", "G50", "G54"}
_FILES = {
    "h/contacts": "hs_object_id,email\n1,a@x.example\n",
    "d/contacts": "contactid,emailaddress1\nc-1,a@x.example\n",
}


def _run(*arguments: str | Path, typed: str = "") -> tuple[int, str]:
    try:
        result = CliRunner().invoke(app, [str(part) for part in arguments], input=typed, catch_exceptions=False)
    except DynsyncError as fault:
        return 2, f"{fault} {fault.next_step}"
    return result.exit_code, result.stdout


def _findings(folder: Path, answers: str) -> dict[str, tuple[str, int | None, str]]:
    (folder / "dynsync.toml").write_text(f"[sync.contact]\n[answers]\n{answers}", encoding="utf-8")
    forecast = kit.forecast(folder / "s", folder / "dynsync.toml", folder / "f")
    rows = [row for row in forecast.rows("findings") if row["check_id"] in _ASKED]
    return {row["check_id"]: (row["severity"], row["count"], row["sentence"]) for row in rows}


@pytest.fixture(scope="module")
def engagement(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engagement")
    load_portals(folder, _FILES)
    return folder


def test_questions__each_is_for_an_audit_rule_and_has_its_words() -> None:
    book = shipped_rulebook()
    checks = {check.id for check in book.checks}
    answered = {check.answer for check in book.checks if check.answer is not None}
    assert answered == {one.name for one in book.questions.values() if one.section == "answers"}
    assert all(one.asks.endswith("?") and one.where.endswith(".") for one in book.questions.values())
    assert all(set(one.checks) <= checks for one in book.questions.values())


def test_findings__without_an_answer_are_not_checked(engagement: Path) -> None:
    rows = _findings(engagement, "")
    assert set(rows) == _ASKED
    assert {(severity, count) for severity, count, _ in rows.values()} == {("not_checked", None)}
    assert len(kit.records_of(kit.open_forecast(engagement / "f"), "G43")) == 0


def test_findings__by_their_answers(engagement: Path) -> None:
    rows = _findings(
        engagement,
        "workflows_started = 3\ncaller_sees_all_rows = false\nassociation_limits = true\nother_connectors = 1\n"
        "set_once_fields = 0\nplanned_merges = 0\nsync_user_may_write = true\n",
    )
    assert {check_id: row[:2] for check_id, row in rows.items()} == {
        "G19": ("medium", 1),
        "G43": ("blocker", 3),
        "G50": ("blocker", 1),
        "G54": ("high", 1),
    }
    assert rows["G43"][2].startswith("3 active workflows and flows start")
    assert rows["G54"][2].startswith("1 other connector or flow writes")


def test_findings__good_answers_say_nothing(engagement: Path) -> None:
    answers = "workflows_started = 0\ncaller_sees_all_rows = true\nassociation_limits = false\nother_connectors = 0\n"
    more = "set_once_fields = 0\nplanned_merges = 0\nsync_user_may_write = true\n"
    assert _findings(engagement, f"{answers}{more}") == {}


def test_records_of__answered_finding_says_that_nobody_knows_which(engagement: Path) -> None:
    _findings(engagement, "workflows_started = 3\n")
    code, printed = _run("audit", "--forecast", engagement / "f", "--records", "G43")
    assert code == 0
    assert "Which they are, nobody knows: the number is made of the settings." in printed


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("workflow_started = 3", "`workflow_started` in [answers] is no setting. Did you mean `workflows_started`?"),
        ('workflows_started = "3"', "`workflows_started` is '3'; it must be a whole number, 0 or more."),
        ("workflows_started = -1", "`workflows_started` is -1; it must be a whole number, 0 or more."),
        ("workflows_started = true", "`workflows_started` is True; it must be a whole number, 0 or more."),
        ("association_limits = 1", "`association_limits` is 1; it must be true or false."),
    ],
)
def test_settings__wrong_answers_are_named_with_their_line(tmp_path: Path, line: str, sentence: str) -> None:
    file = tmp_path / "dynsync.toml"
    file.write_text(f"[answers]\n{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        kit.read_settings(file)
    assert str(raised.value) == f"dynsync.toml, line 2: {sentence}"


def test_init_ask__typed_answers_skips_and_a_wrong_one(tmp_path: Path) -> None:
    typed = "enterprise\n\nmaybe\noff\n\n\n\n5\nno\n\n0\n"
    code, printed = _run("init", tmp_path / "acme", "--ask", typed=typed)
    assert code == 0
    assert "`maybe` is no answer to `auto_create_companies`. Answer one of on, off, unknown." in printed
    assert printed.splitlines()[-2:] == [
        "Wrote 5 answers. 8 of 13 questions have none.",
        "Without an answer: data_hub, sync_as_marketing, marketing_contacts, marketing_tier, association_limits, "
        "set_once_fields, planned_merges, sync_user_may_write.",
    ]
    settings = kit.read_settings(tmp_path / "acme" / "dynsync.toml")
    assert (settings.hubspot.plan, settings.hubspot.auto_create_companies) == ("enterprise", "off")
    assert settings.answers == {"workflows_started": 5, "caller_sees_all_rows": False, "other_connectors": 0}


def test_init_ask__empty_answers_leave_every_question_open(tmp_path: Path) -> None:
    code, printed = _run("init", tmp_path / "acme", "--ask", typed="\n" * 13)
    assert code == 0
    assert printed.splitlines()[-2].endswith("No answer was entered. 13 of 13 questions have none.")
    settings = kit.read_settings(tmp_path / "acme" / "dynsync.toml").hubspot
    assert (settings.plan, settings.data_hub, settings.sync_as_marketing) == (None, None, None)


def test_init_ask__options_ask_nothing_and_change_a_file_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("# ours\n[sync.contact]  # people\n", encoding="utf-8")
    code, printed = _run("init", file, "--ask", "--answer", "planned_merges=2", "--answer", "plan=starter")
    assert code == 0
    assert printed.startswith("Wrote 2 answers.")
    assert file.read_text(encoding="utf-8") == (
        '# ours\n[sync.contact]  # people\n\n[hubspot]\nplan = "starter"\n\n[answers]\nplanned_merges = 2\n'
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--ask", "--answer", "merges=2"), "`merges` is no question. The questions are plan, data_hub,"),
        (("--ask", "--answer", "planned_merges=two"), "`two` is no answer to `planned_merges`. Answer a whole number"),
        (("--ask", "--answer", "planned_merges"), "--answer planned_merges is not of the form name=answer."),
        (("--answer", "planned_merges=2"), "--answer belongs to --ask."),
        (
            ("--ask", "--answer", "planned_merges=2", "--answer", "planned_merges=3"),
            "--answer planned_merges is given twice, as 2 and as 3.",
        ),
    ],
)
def test_init_ask__bad_answers_write_nothing(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    file = tmp_path / "dynsync.toml"
    file.write_text("[sync.contact]\n", encoding="utf-8")
    code, said = _run("init", file, *arguments)
    assert (code, said.startswith(sentence)) == (2, True)
    assert file.read_text(encoding="utf-8") == "[sync.contact]\n"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [("foo=1", "`foo` is no question."), ("plan=gold", "`gold` is no answer to `plan`.")],
)
def test_init_ask__bad_answers_leave_no_new_file(tmp_path: Path, answer: str, sentence: str) -> None:
    code, said = _run("init", tmp_path / "acme", "--example", "safe-start", "--ask", "--answer", answer)
    assert (code, said.startswith(sentence)) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("starter\n", "Took 1 answer, which the file held already. 12 of 13 questions have none."),
        ("\n", "No answer was entered. 12 of 13 questions have none."),
    ],
)
def test_init_ask__an_answer_that_the_file_holds_counts_as_one(tmp_path: Path, typed: str, says: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[hubspot]\nplan = "starter"\n', encoding="utf-8")
    code, printed = _run("init", file, "--ask", typed=typed)
    assert (code, printed.splitlines()[-2]) == (0, says)


def test_init__a_file_that_is_there_is_refused_without_ask(tmp_path: Path) -> None:
    file = tmp_path / "dynsync.toml"
    file.write_text("", encoding="utf-8")
    assert _run("init", file) == (2, f"{file} exists already. Edit it, or name another folder.")


def _answers(form: Any) -> dict[str, str]:
    """What the form's controls hold, by question."""
    return {question["name"]: question["answer"] for question in form.questions}


def _press(form: Any, **typed: str) -> dict[str, Any]:
    """What the form says after somebody typed this and pressed the button."""
    form._on_message(None, {"do": "write", "answers": {**_answers(form), **typed}}, None)
    return dict(form.answer)


def test_form__controls_hold_the_answers_and_write_them(tmp_path: Path) -> None:
    file = tmp_path / "dynsync.toml"
    file.write_text("[answers]\nother_connectors = 2\n", encoding="utf-8")
    form: Any = kit.questionnaire_form(file)
    assert (_answers(form)["other_connectors"], _answers(form)["planned_merges"]) == ("2", "")
    said = _press(form, planned_merges="many")
    assert said["is_fault"]
    assert said["text"].startswith("`many` is no answer to `planned_merges`.")
    assert kit.read_settings(file).answers == {"other_connectors": 2}
    said = _press(form, planned_merges="4", caller_sees_all_rows="Yes")
    assert (said["text"], said["is_fault"]) == (
        "Wrote 2 answers; the file held 1 more already. 10 of 13 questions have none.",
        False,
    )
    assert kit.read_settings(file).answers == {
        "other_connectors": 2,
        "planned_merges": 4,
        "caller_sees_all_rows": True,
    }


def test_form__says_what_an_open_question_means(tmp_path: Path) -> None:
    (tmp_path / "dynsync.toml").write_text("[answers]\nplanned_merges = 0\n", encoding="utf-8")
    form: Any = kit.questionnaire_form(tmp_path / "dynsync.toml")
    shown = {question["name"]: question for question in form.questions}
    assert shown["planned_merges"]["open"] == ""
    assert shown["other_connectors"]["open"] == "Not answered: G54 is not checked."
    assert shown["sync_as_marketing"]["open"] == "Not answered: G39, G40 are not checked."
    assert (shown["plan"]["options"], shown["association_limits"]["options"], shown["planned_merges"]["options"]) == (
        ["free", "starter", "professional", "enterprise"],
        ["yes", "no"],
        [],
    )


def test_form__an_emptied_control_takes_its_answer_away(tmp_path: Path) -> None:
    file = tmp_path / "dynsync.toml"
    file.write_text("[answers]  # ours\nother_connectors = 2\nplanned_merges = 1  # in May\n", encoding="utf-8")
    form: Any = kit.questionnaire_form(file)
    assert repr(form) == "The questionnaire: 11 of 13 questions have none."
    assert _press(form, other_connectors=" ")["text"] == (
        "Took 1 answer, which the file held already. Took 1 answer away. 12 of 13 questions have none."
    )
    assert file.read_text(encoding="utf-8") == "[answers]  # ours\nplanned_merges = 1  # in May\n"
    assert _press(form, planned_merges="")["text"] == "Took 1 answer away. 13 of 13 questions have none."
    assert kit.read_settings(file).answers == {}


def test_form__shows_what_was_written_when_it_is_written_again(tmp_path: Path) -> None:
    file = tmp_path / "dynsync.toml"
    file.write_text("", encoding="utf-8")
    form: Any = kit.questionnaire_form(file)
    _press(form, planned_merges="4")
    said = _press(form)["text"]
    assert said == "Took 1 answer, which the file held already. 12 of 13 questions have none."


def test_questionnaire__unknown_question_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dynsync.toml").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="`hair` is no question"):
        kit.questionnaire(tmp_path / "dynsync.toml").answer("hair", "red")
