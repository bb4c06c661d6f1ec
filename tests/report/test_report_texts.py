"""Whether a report in another language says everything in it: texts of the rulebook and of the report's own files."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

import pytest

from dynsync_lib.core.rulebook import CONFIDENCES
from dynsync_lib.report.svg import LABEL_CHARACTERS, wrap
from dynsync_lib.report.translation import LANGUAGES, Translator, read_sections, read_texts

OTHERS = sorted(set(LANGUAGES) - {"en"})
RULEBOOK = ("checks", "rules", "questions", "field_types", "glossary")
"""Sections that hold the texts of one file each, word for word and no others."""
_PLACE = re.compile(r"\{[^}|]*(?:\|([^}]*))?\}")
"""A number in a text, with the words of several where it has them."""
RECIPE = 'Write `"{text}" = "..."` into [{section}] of dynsync_lib/report/texts/{language}.toml: {key} needs it.'


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("dynsync_lib") / name).read_text(encoding="utf-8"))


def _rules(name: str) -> dict[str, Any]:
    return _load(f"rules/{name}")


def _said(entries: list[dict[str, Any]], *names: str) -> Iterator[tuple[str, str]]:
    """What entries say under these names, with a key such as `G01 fix`."""
    for entry in entries:
        for name in names:
            if isinstance(entry.get(name), str):
                yield f"{entry.get('id', 'an entry')} {name}", entry[name]


def _verdicts(value: Any) -> Iterator[dict[str, Any]]:
    """All tables of a file, however deep they stand."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _verdicts(inner)


@cache
def _english(section: str) -> dict[str, str]:
    """The texts that a section is to hold, each with the key that needs it."""
    words = _load("report/glossary.toml")["words"]
    needed = {
        "checks": _said(_rules("checks.toml")["check"], "sentence", "one", "fix", "not_checked", "not_checked_fix"),
        "rules": _said(_rules("behaviour.toml")["rule"], "says", "why"),
        "questions": _said(_rules("assumptions.toml")["assumption"], "question"),
        "field_types": _said(list(_verdicts(_rules("field_types.toml"))), "reason", "workaround"),
        "glossary": ((f"the glossary's {word!r}", text) for word in words for text in (word, words[word])),
    }
    return {text: key for key, text in needed[section]}


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("section", RULEBOOK)
def test_rulebook_texts__have_their_translation(section: str, language: str) -> None:
    translated = read_sections(language)[section]
    missing = [
        RECIPE.format(text=text, section=section, language=language, key=key)
        for text, key in _english(section).items()
        if text not in translated
    ]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("section", RULEBOOK)
def test_rulebook_texts__translate_nothing_that_nobody_says(section: str, language: str) -> None:
    stale = [
        f'Take `"{text}"` out of [{section}] of dynsync_lib/report/texts/{language}.toml: nobody says it.'
        for text in read_sections(language)[section]
        if text not in _english(section)
    ]
    assert not stale, "\n".join(stale)


@pytest.mark.parametrize("language", OTHERS)
def test_texts__stand_once(language: str) -> None:
    counts = Counter(text for section in read_sections(language).values() for text in section)
    assert [text for text, count in counts.items() if count > 1] == []


def _own_texts() -> Iterator[tuple[str, str]]:
    """The texts of the report's own files, with a number of several in each place."""
    said = [
        *_said(_load("report/decisions.toml")["decision"], "topic", "question", "says", "not_checked"),
        *_said(_load("report/decisions.toml")["decision"], "advice"),
        *_said(_load("report/reasons.toml")["reason"], "says", "single", "means"),
        *_said(_load("report/work_plan.toml")["task"], "task", "who", "done"),
        *((f"confidence {word}", word) for word in CONFIDENCES),
    ]
    return ((key, _PLACE.sub(lambda place: f"1,204 {place[1] or ''}".strip(), text)) for key, text in said)


@pytest.mark.parametrize("language", OTHERS)
def test_texts__hold_decisions_reasons_and_tasks(language: str) -> None:
    translator = Translator(language)
    assert [(key, text) for key, text in _own_texts() if translator.find(text) is None] == []


_OF_LOADING = (
    "It is a folder.",
    "It is neither CSV nor XLSX.",
    "It holds 3 records of new_project, a custom table.",
    "It holds 1 record of Project, a table that the kit does not know.",
    "It has headings of no table of HubSpot that the kit reads (it begins with Item).",
    "It holds contacts, and contacts.csv is read instead.",
    "Parts of one export are read as contacts-1 and contacts-2.",
    "It holds the same as all-contacts.csv.",
    "Company Name holds names, not ids: found 3.",
    "Company Name holds names, not ids: found 1,204, name no record that was exported 2 (accounts not there; 1 but for "
    "case, blanks or accents a record's), name several 1.",
    "Owner: users has no Full Name; first and last name, in this order, were taken for it.",
    "Company Name: ids of records that were not exported (3), and nothing says of which table; read as accounts.",
)


@pytest.mark.parametrize("language", OTHERS)
def test_texts__hold_what_loading_says_of_files(language: str) -> None:
    assert [text for text in _OF_LOADING if Translator(language).find(text) is None] == []


def test_questions__of_one_line_in_a_drawing_have_one_line_in_german() -> None:
    german = read_sections("de")["questions"]
    one_line = [words for text, words in german.items() if len(wrap(text, LABEL_CHARACTERS)) == 1]
    assert [words for words in one_line if len(wrap(words, LABEL_CHARACTERS)) > 1] == []


@cache
def _everything_said() -> str:
    """All texts in the code and the files that the report is made of, one beside the other."""
    library = resources.files("dynsync_lib")
    folders = [library / name for name in ("report", "rules", "core/advice", "core/fields", "kit", "portals/files")]
    folders += [library / "report" / name for name in ("notebooks", "templates/pieces", "templates/dynsync_report")]
    said = []
    for file in (file for folder in folders for file in folder.iterdir() if file.is_file()):
        text = file.read_text(encoding="utf-8")
        said.append(" ".join(_strings(text)) if file.name.endswith(".py") else text.replace('\\"', '"'))
    return " ".join(" ".join(said).split()).lower()


def _strings(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("language", OTHERS)
def test_texts__hold_no_sentence_that_nobody_says(language: str) -> None:
    """Of each text of several words three in a row stand somewhere; those of one thing are built from those of many."""
    said = _everything_said()
    assert [text for text in read_texts(language) if not text.startswith("1 ") and _is_stale(text, said)] == []


def _is_stale(text: str, said: str) -> bool:
    words = max(re.split(r"\{\w+\}|\b\d+\b", text), key=len).strip(" .:,;()").lower().split()
    return len(words) > 3 and all(" ".join(words[at : at + 3]) not in said for at in range(len(words) - 2))
