"""What no API shows, asked of an administrator: the questionnaire of an engagement, and its form in a notebook.

Where it is used: `kit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dynsync_lib.core.questions import AdminQuestion
from dynsync_lib.core.settings_file.toml_text import read_toml
from dynsync_lib.kit.rulebooks import read_settings, rulebook, settings_text
from dynsync_lib.kit.settings_files import change_settings
from dynsync_lib.settings_changes.changes import SetAnswer
from dynsync_lib.settings_changes.questionnaire import Questionnaire

if TYPE_CHECKING:
    from dynsync_lib.widgets.questionnaire_form import QuestionnaireForm


def questionnaire(settings: str | Path) -> Questionnaire:
    """The questions that no API answers, with the answers that a settings file holds.

    `answer` takes one as a person types it (nothing typed skips), `save` writes all of them to the file, whose
    comments stay. Findings whose question has no answer stay not checked. Raises SettingsError.

    >>> from pathlib import Path
    >>> _ = Path("out/mine.toml").write_text("[sync.company]")
    >>> asked = kit.questionnaire("out/mine.toml")
    >>> asked.answer("workflows_started", "3")
    >>> asked.save()
    >>> Path("out/mine.toml").read_text().splitlines()[-2:]
    ['[answers]', 'workflows_started = 3']
    """
    path = Path(settings)
    read_settings(path)
    document = read_toml(settings_text(path))
    return Questionnaire(_questions(), document, lambda changes: _write(path, changes))


def check_answers(answers: Mapping[str, str]) -> None:
    """Looks at answers, as a person types them by question, before there is a settings file to write them to.

    Raises UsageError when a name is no question, or its text is none of the answers allowed.

    >>> kit.check_answers({"workflows_started": "3", "plan": "starter"})
    """
    asked = Questionnaire(_questions(), document={}, save_changes=lambda _: None)
    for name, text in answers.items():
        asked.answer(name, text)


def _questions() -> Sequence[AdminQuestion]:
    return tuple(rulebook().questions.values())


def _write(settings: Path, changes: Sequence[SetAnswer]) -> None:
    change_settings(settings, changes)


def questionnaire_form(settings: str | Path) -> QuestionnaireForm:
    """The questionnaire as a form of a notebook, which writes the answers to the settings file.

    >>> from pathlib import Path
    >>> _ = Path("out/mine.toml").write_text("answers = { other_connectors = 2 }")
    >>> kit.questionnaire_form("out/mine.toml")
    The questionnaire: 12 of 13 questions have none.
    """
    from dynsync_lib.widgets.questionnaire_form import QuestionnaireForm

    return QuestionnaireForm(questionnaire(settings))
