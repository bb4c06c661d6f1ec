"""The questions of an engagement with the answers that its settings file holds: the state behind prompt and form.

Facts
    * Nothing typed means skipped: what stands in the file stays. An answer that is withdrawn leaves the file, so that
      its question is open again.
    * Only answers that differ from the file's become changes; they are made all at once.

Source: rules/questions.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dynsync_lib.core.questions import AdminQuestion, Answer
from dynsync_lib.errors import UsageError
from dynsync_lib.listing import one_or_many
from dynsync_lib.settings_changes.changes import SetAnswer

_UNKNOWN: Final = "unknown"
"""The choice that says that nobody knows."""


@dataclass(slots=True)
class Questionnaire:
    """The questions and their answers. `document` is the settings file; `save_changes` makes changes in it.

    `answers` are those given since, None for one that is withdrawn. `message` says what became of the last answers that
    were written.
    """

    questions: Sequence[AdminQuestion]
    document: Mapping[str, Any]
    save_changes: Callable[[Sequence[SetAnswer]], None]
    answers: dict[str, Answer | None] = field(default_factory=dict)
    message: str = ""

    def shown(self, name: str) -> str:
        """The answer as a person types it: `yes`, `12`, `off`; empty when there is none."""
        answer = self.answers.get(name, self._in_file(self.question(name)))
        if isinstance(answer, bool):
            return "yes" if answer else "no"
        return "" if answer is None else str(answer)

    def answer(self, name: str, text: str) -> None:
        """Takes an answer; nothing typed skips. Raises UsageError when it is none of those allowed."""
        question = self.question(name)
        if text.strip():
            self.answers[name] = question.read_answer(text)

    def withdraw(self, name: str) -> None:
        """Takes the answer to a question away. Raises UsageError when there is no such question."""
        self.answers[self.question(name).name] = None

    def question(self, name: str) -> AdminQuestion:
        """The question of that name. Raises UsageError when there is none."""
        known = {question.name: question for question in self.questions}
        if name not in known:
            raise UsageError(f"`{name}` is no question.", next_step=f"The questions are {', '.join(known)}.")
        return known[name]

    def unanswered(self) -> list[str]:
        """The questions that neither the file nor anybody has answered."""
        return [question.name for question in self.questions if self.shown(question.name) in ("", _UNKNOWN)]

    def save(self) -> None:
        """Writes the answers that differ from the file's; says how many, and how many the file held already."""
        changes = [
            SetAnswer(question.section, question.name, self.answers[question.name])
            for question in self.questions
            if question.name in self.answers and self.answers[question.name] != self._in_file(question)
        ]
        if changes:
            self.save_changes(changes)
        taken = sum(change.answer is None for change in changes)
        written = len(changes) - taken
        held = sum(answer is not None for answer in self.answers.values()) - written
        became = _what_became(written, held) if written or held or not taken else ""
        self.document = changed_answers(self.document, changes)
        self.message = " ".join(filter(None, (became, _what_went(taken), self.summary)))

    @property
    def summary(self) -> str:
        """How many questions have no answer."""
        missing = len(self.unanswered())
        return f"{missing} of {len(self.questions)} questions {one_or_many(missing, 'has', 'have')} none."

    def _in_file(self, question: AdminQuestion) -> Answer | None:
        answer: Answer | None = self.document.get(question.section, {}).get(question.name)
        return answer


def _what_became(written: int, held: int) -> str:
    """What became of answers: some were written, others the file held already."""
    if written and held:
        return f"Wrote {_answers(written)}; the file held {held} more already."
    if held:
        return f"Took {_answers(held)}, which the file held already."
    return f"Wrote {_answers(written)}." if written else "No answer was entered."


def _what_went(taken: int) -> str:
    return f"Took {_answers(taken)} away." if taken else ""


def changed_answers(document: Mapping[str, Any], changes: Sequence[SetAnswer]) -> dict[str, Any]:
    """What the file's sections say after the changes; the given document stays as it is."""
    changed = {name: dict(section) if isinstance(section, Mapping) else section for name, section in document.items()}
    for change in changes:
        changed.setdefault(change.section, {})[change.name] = change.answer
    return changed


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count} answers"
