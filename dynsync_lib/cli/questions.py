"""`dynsync init --ask`: what no API shows, asked on a terminal, or answered by options.

Where it is used: `cli.start_commands`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.errors import UsageError


def ask_questions(settings: Path, named: Mapping[str, str]) -> None:
    """Asks the questions, or none where answers are `named` in options, and writes the answers.

    The end of what is typed skips all further questions.
    """
    asked = kit.questionnaire(settings)
    for name, text in named.items():
        asked.answer(name, text)
    try:
        for number, question in enumerate(() if named else asked.questions, start=1):
            console.say(f"\n{number} of {len(asked.questions)}: {question.asks}\n   {question.where}")
            while not _is_answered(asked, question.name):
                pass
    except EOFError:
        console.say("")
    asked.save()
    console.say(asked.message)
    if asked.unanswered():
        console.say(f"Without an answer: {', '.join(asked.unanswered())}.")


def _is_answered(asked: kit.Questionnaire, name: str) -> bool:
    """Takes what is typed; false when it is none of the answers allowed, which is said."""
    text = input(f"   {asked.question(name).allowed} [{asked.shown(name) or 'skip'}]: ")
    try:
        asked.answer(name, text)
    except UsageError as fault:
        console.say(f"   {fault} {fault.next_step}")
        return False
    return True
