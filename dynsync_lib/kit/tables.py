"""The kit's data as rows and as pandas tables: rules, the research behind them, open questions, recipes for lookups.

Facts
    * Rows are plain dictionaries, null is None: who prints them does not wait for pandas.

Where it is used: `kit.rules`, `kit.research`, `kit.assumptions`, `kit.lookup_recipes`,
`cli.forecast_commands`, `cli.start_commands`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.core.advice.lookup_recipes import LookupRecipe
from dynsync_lib.core.rulebook import Rule, Rulebook

if TYPE_CHECKING:
    import pandas as pd

_Row = dict[str, Any]


def rules_table(book: Rulebook) -> pd.DataFrame:
    """`rule_rows` as a frame."""
    import pandas as pd

    return pd.DataFrame(rule_rows(book))


def rule_rows(book: Rulebook) -> list[_Row]:
    """Every rule: id, says, status, confidence, sources, assumption, why; one row per rule, in the rulebook's order."""
    return [
        {
            "id": rule.id,
            "says": rule.says,
            "status": rule.status,
            "confidence": rule.confidence,
            "sources": ", ".join(rule.sources),
            "assumption": rule.assumption,
            "why": rule.why,
        }
        for rule in book.rules.values()
    ]


def research_table(book: Rulebook) -> pd.DataFrame:
    """`research_rows` as a frame."""
    import pandas as pd

    return pd.DataFrame(research_rows(book))


def research_rows(book: Rulebook) -> list[_Row]:
    """Every numbered statement of the research: number, section, state, rules, confidence, sources, why; one row each.

    `state` is implemented when at least one of its rules is; `why` is null unless none is.
    """
    return [
        _researched(section.title, statement, book.rules_about(statement))
        for section in book.research
        for statement in section.statements
    ]


def _researched(section: str, statement: str, rules: tuple[Rule, ...]) -> _Row:
    state = rules[0].status
    return {
        "number": statement,
        "section": section,
        "state": state,
        "rules": ", ".join(rule.id for rule in rules),
        "confidence": ", ".join(dict.fromkeys(rule.confidence for rule in rules)),
        "sources": ", ".join(dict.fromkeys(source for rule in rules for source in rule.sources)),
        "why": None if state == "implemented" else " ".join(rule.why or "" for rule in rules),
    }


def assumptions_table(book: Rulebook) -> pd.DataFrame:
    """`assumption_rows` as a frame."""
    import pandas as pd

    return pd.DataFrame(assumption_rows(book))


def assumption_rows(book: Rulebook) -> list[_Row]:
    """Every open question: id, question, choices that can be made, default, status, why; one row per assumption."""
    return [
        {
            "id": knob.id,
            "question": knob.question,
            "choices": ", ".join(knob.built_choices),
            "default": knob.default,
            "status": knob.status,
            "why": knob.why,
        }
        for knob in book.assumptions.values()
    ]


_COUNTS: Final = ("records", "filled", "labelled", "unresolved", "distinct", "longest", "most_shared", "text_length")
_COLUMNS: Final = (*(field.name for field in fields(LookupRecipe)), "fill_rate", "staleness", "recipe")


def recipe_table(recipes: Iterable[LookupRecipe]) -> pd.DataFrame:
    """`recipe_row` of each recipe as a frame; counts are whole numbers, or missing."""
    import pandas as pd

    table = pd.DataFrame([recipe_row(recipe) for recipe in recipes], columns=list(_COLUMNS))
    return table.astype(dict.fromkeys(_COUNTS, "Int64"))


def recipe_row(recipe: LookupRecipe) -> _Row:
    """The fields of `LookupRecipe`, then fill_rate, staleness, recipe (in sentences)."""
    row = {field.name: getattr(recipe, field.name) for field in fields(LookupRecipe)}
    row |= {"object": recipe.object.value, "targets": ";".join(recipe.targets)}
    return row | {"fill_rate": recipe.fill_rate, "staleness": recipe.staleness, "recipe": recipe.text}
