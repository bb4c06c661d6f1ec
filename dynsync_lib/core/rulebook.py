"""The rulebook: every behaviour, open question, type pair and default, as data with a source.

Facts
    * The texts are the files of `dynsync_lib/rules/`, read by the caller (this module opens nothing).
    * A rule without a source, or one that names an unknown source or assumption, is refused: it is our bug.

Not modelled
    * Rules and choices of status `not-modelled` are known and listed, and decide nothing.

Source: research sections 1 to 12, restated in rules/behaviour.toml and rules/assumptions.toml.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from dynsync_lib.core.model import Direction, Object, Verdict
from dynsync_lib.core.questions import AdminQuestion, read_questions
from dynsync_lib.core.settings import FieldMapping
from dynsync_lib.errors import RulebookError

Status = Literal["implemented", "not-modelled"]
CONFIDENCES: Final = ("documented", "seed", "legacy", "reported", "inferred")
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
    "sources.toml",
    "standard_schema.toml",
    "top_level_domains.txt",
)


@dataclass(frozen=True, slots=True)
class Source:
    """One page the rules rest on."""

    key: str
    title: str
    where: str


@dataclass(frozen=True, slots=True)
class ResearchSection:
    """One chapter of the research; `statements` are its numbers, which rules name in `research`."""

    number: str
    title: str
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One behaviour. `assumption` is the knob it turns on, or None; `why` explains a rule that is not modelled."""

    id: str
    says: str
    sources: tuple[str, ...]
    confidence: str
    research: tuple[str, ...]
    assumption: str | None
    status: Status
    why: str | None


@dataclass(frozen=True, slots=True)
class Assumption:
    """One open question. `older` has, by their name, choices that settings may hold, and what each means today."""

    id: str
    question: str
    choices: tuple[str, ...]
    default: str
    research: str
    sources: tuple[str, ...]
    status: Status
    why: str | None
    older: Mapping[str, str]

    @property
    def built_choices(self) -> tuple[str, ...]:
        """The choices this version can decide by."""
        return (self.default,) if self.status == "not-modelled" else self.choices


@dataclass(frozen=True, slots=True)
class KindRule:
    """Which fields of one system are of one kind, by type, format, behavior and name; empty means any."""

    kind: str
    types: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    behaviors: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def covers(self, type_: str, format_: str | None, behavior: str | None, name: str) -> bool:
        """Whether a field of that type, format, behavior and name is of this kind."""
        return (
            (not self.types or type_ in self.types)
            and (not self.formats or format_ in self.formats)
            and (not self.behaviors or behavior in self.behaviors)
            and (not self.names or name in self.names)
        )


@dataclass(frozen=True, slots=True)
class TypeVerdict:
    """What two kinds allow: `allowed` is the widest direction, None when nothing may flow.

    `loses` is the only way on which anything is lost; None when it is lost, if at all, whichever way a value takes.
    """

    allowed: Direction | None
    verdict: Verdict
    rule_id: str
    reason: str | None = None
    workaround: str | None = None
    loses: Direction | None = None


@dataclass(frozen=True, slots=True)
class TypePair:
    """The verdict on a pair of kinds as long as the assumptions are as `when` says; an empty `when` always holds."""

    verdict: TypeVerdict
    when: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OptOut:
    """Dynamics columns that say "do not ...", and what is said of a mapping of theirs with a yes/no of HubSpot."""

    columns: frozenset[str]
    rule_id: str
    reason: str
    workaround: str


DO_NOT_FIT: Final = TypeVerdict(
    None,
    Verdict.BLOCKED,
    "field.types-do-not-fit",
    "The two types cannot be mapped.",
    "Map a field of a type that fits, or copy the value into a text column and map that.",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One audit rule of the report; several may share an id, one for each side.

    `sentence` (`one` for a single record) and `fix` are for an admin. `table`, `where`, `except_`, `known` and `of` say
    what is counted, or `measure` names the code that counts, or `answer` the question whose answer counts: the number,
    or 1 for `answer_is`. With none, and when nobody knows, `not_checked` is said. `names` is the code that names what
    is behind the count. With `unless_own_key` the check is not asked where its object has a key of one's own.
    """

    id: str
    severity: str
    sentence: str
    one: str | None
    fix: str
    rule_id: str
    system: str | None
    object: str | None
    not_checked: str | None
    answer: str | None
    table: str | None
    where: Mapping[str, Any]
    except_: Mapping[str, Any]
    known: tuple[str, ...]
    of: str
    measure: str | None
    names: str | None = None
    unless_own_key: bool = False
    answer_is: bool = True

    @property
    def is_countable(self) -> bool:
        """Whether data or an answer can say anything; else the check is named in grey whatever they are."""
        return any(part is not None for part in (self.table, self.measure, self.answer))


@dataclass(frozen=True, slots=True)
class UnaskedCheck:
    """One audit rule that the forecast has no finding for; `why` says what stands in for it, or what is missing."""

    id: str
    says: str
    why: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything the kit knows about the behaviour of Data Sync.

    `standard_schema` has rows like `core.tables.PROPERTIES` and `core.tables.COLUMNS` under those names ("properties",
    "columns"). `version` is the first twelve digits of the sha256 over all files.
    """

    rules: Mapping[str, Rule]
    assumptions: Mapping[str, Assumption]
    sources: Mapping[str, Source]
    research: tuple[ResearchSection, ...]
    hubspot_kinds: tuple[KindRule, ...]
    dynamics_kinds: tuple[KindRule, ...]
    type_pairs: Mapping[tuple[str, str], tuple[TypePair, ...]]
    opt_outs: tuple[OptOut, ...]
    default_mappings: Mapping[Object, tuple[FieldMapping, ...]]
    limits: Mapping[str, Mapping[str, Mapping[str, Any]]]
    checks: tuple[Check, ...]
    unasked_checks: tuple[UnaskedCheck, ...]
    questions: Mapping[str, AdminQuestion]
    company_names: Mapping[str, Any]
    top_level_domains: frozenset[str]
    free_mail_domains: frozenset[str]
    standard_schema: Mapping[str, tuple[Mapping[str, Any], ...]]
    version: str

    def type_verdict(
        self, hubspot_kind: str | None, dynamics_kind: str | None, assumptions: Mapping[str, str]
    ) -> TypeVerdict:
        """What the two kinds allow under the assumptions in force (5.A); kind None is a type nobody maps."""
        pairs = self.type_pairs.get((hubspot_kind or "", dynamics_kind or ""), ())
        holding = (pair.verdict for pair in pairs if pair.when.items() <= assumptions.items())
        return next(holding, DO_NOT_FIT)

    def rules_about(self, statement: str) -> tuple[Rule, ...]:
        """The rules that rest on one numbered statement of the research, those that are implemented first."""
        named = [rule for rule in self.rules.values() if statement in rule.research]
        return tuple(sorted(named, key=lambda rule: rule.status != "implemented"))

    def default_assumptions(self) -> dict[str, str]:
        """Every knob at its default."""
        return {knob.id: knob.default for knob in self.assumptions.values()}


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
        default_mappings=_default_mappings(tables["default_mappings.toml"]),
        limits=tables["limits.toml"],
        checks=tuple(map(_check, tables["checks.toml"]["check"])),
        unasked_checks=tuple(UnaskedCheck(**row) for row in tables["checks.toml"]["unasked"]),
        questions=read_questions(tables["questions.toml"]["question"]),
        company_names=tables["legal_forms.toml"],
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
