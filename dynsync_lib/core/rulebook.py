"""The rulebook: every behaviour, open question, type pair and default, as data with a source.

Not modelled
    * Rules and choices of status `not-modelled` are known and listed, and decide nothing.

Source: research sections 1 to 12, restated in rules/behaviour.toml and rules/assumptions.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from dynsync_lib.core.model import Direction, Object, Verdict
from dynsync_lib.core.questions import AdminQuestion
from dynsync_lib.core.settings import FieldMapping

Status = Literal["implemented", "not-modelled"]
CONFIDENCES: Final = ("documented", "seed", "legacy", "reported", "inferred")


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
    or 1 for `answer_is`. With none, and when nobody knows, `not_checked` is said, with `not_checked_fix` where `fix` is
    no help then. `names` is the code that names what is behind the count. With `unless_own_key` the check is not asked
    where its object has a key of one's own.
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
    not_checked_fix: str | None = None

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

    `set_once_fields` are internal names of fields that are mostly set once. `standard_schema` has rows like
    `core.tables.PROPERTIES` and `core.tables.COLUMNS` under those names ("properties", "columns"). `version` is the
    first twelve digits of the sha256 over all files.
    """

    rules: Mapping[str, Rule]
    assumptions: Mapping[str, Assumption]
    sources: Mapping[str, Source]
    research: tuple[ResearchSection, ...]
    hubspot_kinds: tuple[KindRule, ...]
    dynamics_kinds: tuple[KindRule, ...]
    type_pairs: Mapping[tuple[str, str], tuple[TypePair, ...]]
    opt_outs: tuple[OptOut, ...]
    list_properties: frozenset[str]
    default_mappings: Mapping[Object, tuple[FieldMapping, ...]]
    limits: Mapping[str, Mapping[str, Mapping[str, Any]]]
    checks: tuple[Check, ...]
    unasked_checks: tuple[UnaskedCheck, ...]
    questions: Mapping[str, AdminQuestion]
    company_names: Mapping[str, Any]
    set_once_fields: frozenset[str]
    top_level_domains: frozenset[str]
    free_mail_domains: frozenset[str]
    standard_schema: Mapping[str, tuple[Mapping[str, Any], ...]]
    version: str

    def type_verdict(
        self, hubspot_kind: str | None, dynamics_kind: str | None, assumptions: Mapping[str, str]
    ) -> TypeVerdict:
        """What the two kinds allow under the assumptions in force (5.A); kind None is a type nobody maps."""
        pairs = self.type_pairs.get((hubspot_kind or "", dynamics_kind or ""), ())
        return next((pair.verdict for pair in pairs if pair.when.items() <= assumptions.items()), DO_NOT_FIT)

    def rules_about(self, statement: str) -> tuple[Rule, ...]:
        """The rules that rest on one numbered statement of the research, those that are implemented first."""
        named = [rule for rule in self.rules.values() if statement in rule.research]
        return tuple(sorted(named, key=lambda rule: rule.status != "implemented"))

    def default_assumptions(self) -> dict[str, str]:
        """Every knob at its default."""
        return {knob.id: knob.default for knob in self.assumptions.values()}
