"""Reading the rulebook out of the texts of its files, and refusing what contradicts itself.

Facts
    * The texts are the files of `dynsync_lib/rules/`, read by the caller (this module opens nothing).
    * A rule without a source, or one that names an unknown source or assumption, is refused: it is our bug.

Where it is used: `kit.rulebook`.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynsync_lib.core.model import Direction, Object, Verdict
from dynsync_lib.core.questions import read_questions
from dynsync_lib.core.rulebook import (
    CONFIDENCES,
    Assumption,
    Check,
    KindRule,
    OptOut,
    ResearchSection,
    Rule,
    Rulebook,
    Source,
    TypePair,
    TypeVerdict,
    UnaskedCheck,
)
from dynsync_lib.core.settings import FieldMapping
from dynsync_lib.errors import RulebookError

RULE_FILES: Final = (
    "assumptions.toml",
    "behaviour.toml",
    "checks.toml",
    "default_mappings.toml",
    "field_types.toml",
    "free_mail_domains.txt",
    "legal_forms.toml",
    "limits.toml",
    "questions.toml",
    "research.toml",
    "set_once_fields.toml",
    "sources.toml",
    "standard_schema.toml",
    "top_level_domains.txt",
)


def read_rulebook(texts: Mapping[str, str]) -> Rulebook:
    """The rulebook out of the texts of `RULE_FILES`, by file name.

    Raises RulebookError when a file is missing, is no TOML, or breaks a rule of its own.
    """
    tables = {name: _parse(texts, name) for name in RULE_FILES if name.endswith(".toml")}
    sources = {row["key"]: Source(**row) for row in tables["sources.toml"]["source"]}
    assumptions = {row["id"]: _assumption(row) for row in tables["assumptions.toml"]["assumption"]}
    rules = {row["id"]: _rule(row) for row in tables["behaviour.toml"]["rule"]}
    types = tables["field_types.toml"]
    book = Rulebook(
        rules=rules,
        assumptions=assumptions,
        sources=sources,
        research=tuple(map(_research_section, tables["research.toml"]["section"])),
        hubspot_kinds=tuple(map(_kind_rule, types["hubspot"])),
        dynamics_kinds=tuple(map(_kind_rule, types["dynamics"])),
        type_pairs=_type_pairs(types["pair"]),
        opt_outs=tuple(map(_opt_out, types["opt_out"])),
        list_properties=frozenset(types["lists"]["properties"]),
        default_mappings=_default_mappings(tables["default_mappings.toml"]),
        limits=tables["limits.toml"],
        checks=tuple(map(_check, tables["checks.toml"]["check"])),
        unasked_checks=tuple(UnaskedCheck(**row) for row in tables["checks.toml"]["unasked"]),
        questions=read_questions(tables["questions.toml"]["question"]),
        company_names=tables["legal_forms.toml"],
        set_once_fields=frozenset(name for row in tables["set_once_fields.toml"]["field"] for name in row["names"]),
        top_level_domains=_lines(texts["top_level_domains.txt"]),
        free_mail_domains=_lines(texts["free_mail_domains.txt"]),
        standard_schema=_standard_schema(tables["standard_schema.toml"]),
        version=_version(texts),
    )
    _refuse_faults(book)
    return book


def _parse(texts: Mapping[str, str], name: str) -> dict[str, Any]:
    if name not in texts:
        raise RulebookError(f"The rule file {name} is missing.", next_step="Install the kit again.")
    try:
        return tomllib.loads(texts[name])
    except tomllib.TOMLDecodeError as fault:
        raise RulebookError(f"The rule file {name} is no TOML: {fault}.", next_step="Correct the file.") from fault


def _research_section(row: Mapping[str, Any]) -> ResearchSection:
    return ResearchSection(row["number"], row["title"], tuple(row["statements"]))


def _rule(row: Mapping[str, Any]) -> Rule:
    return Rule(
        id=row["id"],
        says=row["says"],
        sources=tuple(row.get("sources", ())),
        confidence=row.get("confidence", ""),
        research=tuple(row.get("research", ())),
        assumption=row.get("assumption"),
        status=row.get("status", "implemented"),
        why=row.get("why"),
    )


def _assumption(row: Mapping[str, Any]) -> Assumption:
    return Assumption(
        id=row["id"],
        question=row["question"],
        choices=tuple(row["choices"]),
        default=row["default"],
        research=row["research"],
        sources=tuple(row.get("sources", ())),
        status=row.get("status", "implemented"),
        why=row.get("why"),
        older=row.get("older", {}),
    )


def _check(row: Mapping[str, Any]) -> Check:
    return Check(
        id=row["id"],
        severity=row["severity"],
        sentence=row["sentence"],
        one=row.get("one"),
        fix=row["fix"],
        rule_id=row["rule_id"],
        system=row.get("system"),
        object=row.get("object"),
        not_checked=row.get("not_checked"),
        answer=row.get("answer"),
        table=row.get("table"),
        where=row.get("where", {}),
        except_=row.get("except", {}),
        known=tuple(row.get("known", ())),
        of=row.get("of", "records" if "table" in row else "none"),
        measure=row.get("measure"),
        names=row.get("names"),
        unless_own_key=row.get("unless_own_key", False),
        answer_is=row.get("answer_is", True),
        not_checked_fix=row.get("not_checked_fix"),
    )


def _kind_rule(row: Mapping[str, Any]) -> KindRule:
    return KindRule(row["kind"], *(tuple(row.get(name, ())) for name in ("types", "formats", "behaviors", "names")))


def _type_pairs(rows: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[TypePair, ...]]:
    pairs: dict[tuple[str, str], tuple[TypePair, ...]] = {}
    for row in rows:
        verdict = _type_verdict(row)
        for hubspot in row["hubspot"]:
            for dynamics in [hubspot] if row["dynamics"] == "same" else row["dynamics"]:
                earlier = pairs.get((hubspot, dynamics), ())
                pairs[(hubspot, dynamics)] = (*earlier, TypePair(verdict, row.get("when", {})))
    return pairs


def _type_verdict(row: Mapping[str, Any]) -> TypeVerdict:
    allowed, loses = (Direction(row[name]) if name in row else None for name in ("allowed", "loses"))
    words = row.get("reason"), row.get("workaround")
    return TypeVerdict(allowed, Verdict(row["verdict"]), row["rule"], *words, loses)


def _opt_out(row: Mapping[str, Any]) -> OptOut:
    return OptOut(frozenset(row["columns"]), row["rule"], row["reason"], row["workaround"])


def _default_mappings(tables: Mapping[str, Mapping[str, str]]) -> dict[Object, tuple[FieldMapping, ...]]:
    return {
        Object(name): tuple(FieldMapping(hubspot, dynamics, origin="default") for hubspot, dynamics in pairs.items())
        for name, pairs in tables.items()
    }


def _standard_schema(tables: Mapping[str, Any]) -> dict[str, tuple[Mapping[str, Any], ...]]:
    return {
        kind: tuple(
            {"object": object_, "name": name, **row, "options": _standard_options(row.get("options", ()))}
            for object_, fields in tables[kind].items()
            for name, row in fields.items()
        )
        for kind in ("properties", "columns")
    }


def _standard_options(pairs: list[str]) -> tuple[Mapping[str, str], ...]:
    split = (pair.partition("=") for pair in pairs)
    return tuple({"value": value, "label": label} for value, _, label in split)


def _lines(text: str) -> frozenset[str]:
    return frozenset(line for line in text.split() if line and not line.startswith("#"))


def _version(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name in RULE_FILES:
        digest.update(f"{name}\n{texts[name]}\n".encode())
    return digest.hexdigest()[:12]


def _refuse_faults(book: Rulebook) -> None:
    faults = [*_source_faults(book), *_rule_faults(book), *_assumption_faults(book)]
    if faults:
        raise RulebookError(" ".join(faults), next_step="Correct the files of dynsync_lib/rules/.")


def _source_faults(book: Rulebook) -> Iterator[str]:
    entries: list[Rule | Assumption] = [*book.rules.values(), *book.assumptions.values()]
    for entry in entries:
        if not entry.sources:
            yield f"{entry.id} has no source."
        yield from (f"{entry.id} names the unknown source {key}." for key in entry.sources if key not in book.sources)


def _rule_faults(book: Rulebook) -> Iterator[str]:
    known = {statement for section in book.research for statement in section.statements}
    for rule in book.rules.values():
        for statement in rule.research:
            if statement not in known:
                yield f"{rule.id} rests on the unknown statement {statement}."
        if rule.confidence not in CONFIDENCES:
            yield f"{rule.id} has the unknown confidence {rule.confidence!r}."
        if rule.assumption is not None and rule.assumption not in book.assumptions:
            yield f"{rule.id} names the unknown assumption {rule.assumption}."
        if rule.status == "not-modelled" and not rule.why:
            yield f"{rule.id} is not modelled and does not say why."
    verdicts = (pair.verdict.rule_id for pairs in book.type_pairs.values() for pair in pairs)
    named = {*verdicts, *(opt_out.rule_id for opt_out in book.opt_outs), *(check.rule_id for check in book.checks)}
    for used in sorted(named - set(book.rules)):
        yield f"The unknown rule {used} is used."


def _assumption_faults(book: Rulebook) -> Iterator[str]:
    for knob in book.assumptions.values():
        if knob.default not in knob.choices:
            yield f"{knob.id} has the unknown default {knob.default!r}."
        for name, choice in knob.older.items():
            if name in knob.choices or choice not in knob.choices:
                yield f"{knob.id} cannot take {name!r} for {choice!r}."
        if knob.status == "not-modelled" and not knob.why:
            yield f"{knob.id} is not modelled and does not say why."
    for pair in (pair for pairs in book.type_pairs.values() for pair in pairs):
        for name, choice in pair.when.items():
            if name not in book.assumptions or choice not in book.assumptions[name].choices:
                yield f"A pair of kinds hangs on the unknown choice {name} = {choice}."
