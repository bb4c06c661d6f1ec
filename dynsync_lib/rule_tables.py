"""The rulebook as tables: its rules, the research behind them, its open questions.

Where it is used: `kit.rules`, `kit.research`, `kit.assumptions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynsync_lib.core.rulebook import Rule, Rulebook

if TYPE_CHECKING:
    import pandas as pd


def rules_table(book: Rulebook) -> pd.DataFrame:
    """Every rule: id, says, status, confidence, sources, assumption, why; one row per rule, in the rulebook's order."""
    import pandas as pd

    return pd.DataFrame(
        {
            "id": one.id,
            "says": one.says,
            "status": one.status,
            "confidence": one.confidence,
            "sources": ", ".join(one.sources),
            "assumption": one.assumption,
            "why": one.why,
        }
        for one in book.rules.values()
    )


def research_table(book: Rulebook) -> pd.DataFrame:
    """Every numbered statement of the research: number, section, state, rules, confidence, sources, why; one row each.

    `state` is implemented when at least one of its rules is; `why` is null unless none is.
    """
    import pandas as pd

    return pd.DataFrame(
        _researched(section.title, statement, book.rules_about(statement))
        for section in book.research
        for statement in section.statements
    )


def _researched(section: str, statement: str, rules: tuple[Rule, ...]) -> dict[str, Any]:
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
    """Every open question: id, question, choices that can be made, default, status, why; one row per knob."""
    import pandas as pd

    return pd.DataFrame(
        {
            "id": one.id,
            "question": one.question,
            "choices": ", ".join(one.built_choices),
            "default": one.default,
            "status": one.status,
            "why": one.why,
        }
        for one in book.assumptions.values()
    )
