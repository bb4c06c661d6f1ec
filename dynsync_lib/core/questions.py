"""What no API shows and an administrator knows: questions with an answer of a known kind, kept in dynsync.toml.

Facts
    * A question without an answer is no answer: the audit rules that it is for stay not checked.
    * Answers stand where their `key` says: in `[hubspot]` where they are settings anyway, else in `[answers]`.

Source: rules/questions.toml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from dynsync_lib.errors import UsageError

Answer = bool | int | str
SECTION: Final = "answers"
"""The section of answers that are no settings."""
_WORDS: Final[Mapping[str, bool]] = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
_MOST_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class AdminQuestion:
    """One question. `asks` ends with a question mark, `where` says where to look, `checks` are the audit rules.

    The answer is true or false (`yes_no`), a number (`count`), or one of `choices`.
    """

    section: str
    name: str
    type: Literal["yes_no", "count", "choice"]
    choices: tuple[str, ...]
    asks: str
    where: str
    checks: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """What may be answered, in words."""
        if self.type == "choice":
            return f"one of {', '.join(self.choices)}"
        return "yes or no" if self.type == "yes_no" else "a whole number, 0 or more"

    def read_answer(self, text: str) -> Answer:
        """The answer that somebody typed. Raises UsageError when it is none of those allowed."""
        word = text.strip().lower()
        if self.type == "yes_no" and word in _WORDS:
            return _WORDS[word]
        if self.type == "count" and word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS:
            return int(word)
        if self.type == "choice" and word in self.choices:
            return word
        raise UsageError(f"`{text.strip()}` is no answer to `{self.name}`.", next_step=f"Answer {self.allowed}.")


def read_questions(rows: Iterable[Mapping[str, Any]]) -> dict[str, AdminQuestion]:
    """The questions of rules/questions.toml by the name of their key, in their order."""
    questions = {}
    for row in rows:
        section, _, name = row["key"].partition(".")
        choices, checks = tuple(row.get("choices", ())), tuple(row["checks"])
        questions[name] = AdminQuestion(section, name, row["type"], choices, row["asks"], row["where"], checks)
    return questions
