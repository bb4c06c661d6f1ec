"""The readable cases as small worlds.

Facts
    * A record's id tells its table: `d1` is a Dynamics contact, `opp2` an opportunity (`TABLES`).
    * Asking the core costs the same for one case as for twenty, so cases under the same settings that share no key
      travel in one world; each id carries its case there, and the answer is taken apart again.
"""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from dynsync_lib.core.filters.grammar import read_filter
from dynsync_lib.core.model import Direction, Object, System
from dynsync_lib.core.settings import LIFECYCLE_STAGES, FieldMapping, ObjectSync
from tests.cases.case_fields import FIELDS
from tests.opinions import Answer, SmallWorld, mapping_of

FOLDER = Path(__file__).parent
TABLES = {
    "h": ("hubspot/contacts", Object.CONTACT),
    "k": ("hubspot/companies", Object.COMPANY),
    "deal": ("hubspot/deals", Object.DEAL),
    "hinvoice": ("hubspot/invoices", Object.INVOICE),
    "owner": ("hubspot/owners", None),
    "d": ("dynamics/contacts", Object.CONTACT),
    "a": ("dynamics/accounts", Object.COMPANY),
    "lead": ("dynamics/leads", Object.LEAD),
    "opp": ("dynamics/opportunities", Object.DEAL),
    "invoice": ("dynamics/invoices", Object.INVOICE),
    "user": ("dynamics/users", None),
}
_MAPPINGS = {
    Object.CONTACT: (
        "email <-> emailaddress1",
        "firstname <-> firstname",
        "phone <-> telephone1",
        "tier <-> tiercode",
        "rating <-> ratingcode",
        "interests <-> interestcodes",
        "score <-> score",
        "agreed <-> agreed",
        "birthday <-> birthdate",
        "seen <-> seen",
    ),
    Object.COMPANY: ("name <-> name", "city <-> city"),
    Object.LEAD: ("email <-> emailaddress1", "firstname <-> firstname"),
    Object.DEAL: ("dealname <-> name", "amount <-> estimatedvalue"),
    Object.INVOICE: ("hs_title <-> name",),
}
_ALWAYS_ON = (Object.CONTACT, Object.COMPANY)
_STAGES = {"appointmentscheduled": "1", "closedwon": "3"}
_SETTINGS = ("contact", "company", "lead", "deal", "invoice", "hubspot", "assumptions", "undelivered")
_LOOKUPS = {one.name for one in FIELDS if one.targets}
_TARGETS = {"d": "contact", "a": "account", "user": "systemuser", "team": "team"}
_KEY_FIELDS = (
    "email",
    "emailaddress1",
    "hs_additional_emails",
    "internalemailaddress",
    "name",
    "domain",
    "websiteurl",
    "hs_additional_domains",
)


@dataclass(frozen=True)
class Case:
    """One case as it is written. `prefix` stands before its ids in a world it shares with others."""

    told: Mapping[str, Any]

    @property
    def id(self) -> str:
        """`M01`."""
        return str(self.told["id"])

    @property
    def prefix(self) -> str:
        """`m01:`: what keeps its ids apart from those of other cases."""
        return f"{self.id.lower()}:"

    @cached_property
    def settings(self) -> str:
        """The settings as text: cases of equal settings may share a world."""
        return json.dumps({name: self.told.get(name) for name in _SETTINGS}, sort_keys=True)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Every value by which a record of this case could meet one of another case, crudely folded."""
        fields = {*_KEY_FIELDS, *_own_keys(self.told)}
        rows = (values for _, values in self.rows())
        values = (value for row in rows for name, value in row.items() if name in fields)
        addresses = [part for value in values for part in value.split(";")]
        return frozenset(fold(one) for part in addresses for one in (part, part.rpartition("@")[2])) - {""}

    def rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Local id and values of every record, as written."""
        for text in self.told["records"]:
            id_, _, fields = text.partition(": ")
            yield id_, dict(part.split("=", 1) for part in fields.split(", "))

    def world_id(self, local: str) -> str:
        """The id a record has in the world: its own GUID where the case gives one."""
        return str(self.told.get("ids", {}).get(local, self.prefix + local))


def read_cases() -> list[Case]:
    """Every case of every file, in order."""
    files = sorted(FOLDER.glob("*.toml"))
    return [Case(told) for path in files for told in tomllib.loads(path.read_text(encoding="utf-8")).get("case", ())]


def fold(value: str) -> str:
    """A value in a form in which everything is equal that any key could take for equal."""
    plain = unicodedata.normalize("NFKC", value).casefold()
    return re.sub(r"[\s\u200b-\u200d\u2060\ufeff]|^https?://|^www\.", "", plain)


def share_worlds(cases: Iterable[Case]) -> list[list[Case]]:
    """The cases in as few worlds as they can share: equal settings, no common key."""
    worlds: list[tuple[str, set[str], list[Case]]] = []
    for case in cases:
        for settings, keys, together in worlds:
            if settings == case.settings and keys.isdisjoint(case.keys):
                keys |= case.keys
                together.append(case)
                break
        else:
            worlds.append((case.settings, set(case.keys), [case]))
    return [together for _, _, together in worlds]


def read_world(cases: list[Case]) -> SmallWorld:
    """The small world in which these cases, all of equal settings, travel together."""
    told = cases[0].told
    tables: dict[str, list[dict[str, str | None]]] = {}
    for case in cases:
        for local, values in case.rows():
            row = {"id": case.world_id(local), **_world_values(case, values)}
            tables.setdefault(TABLES[kind_of(local)][0], []).append(row)
    return SmallWorld(
        tables=tables,
        fields=FIELDS,
        sync={object_: read_sync(told.get(object_.value), object_) for object_ in Object},
        links=[_link(case, text) for case in cases for text in case.told.get("associations", ())],
        assumptions=told.get("assumptions", {}),
        undelivered=frozenset(told.get("undelivered", ())),
        bindings=[_binding(case, text) for case in cases for text in case.told.get("bindings", ())],
        auto_create_companies=told.get("hubspot", {}).get("auto_create_companies", "off"),
    )


def kind_of(local: str) -> str:
    """`opp` of `opp12`."""
    return local.rstrip("0123456789")


def _world_values(case: Case, values: Mapping[str, str]) -> dict[str, str | None]:
    row: dict[str, str | None] = {}
    for name, value in values.items():
        if name in _LOOKUPS:
            row[f"_{name}_value"], row[f"_{name}_type"] = case.world_id(value), _TARGETS[kind_of(value)]
        else:
            row[name] = case.world_id(value) if name == "hubspot_owner_id" else value
    return row


def _link(case: Case, text: str) -> dict[str, Any]:
    """`h1 -> k1 (not primary)` as a row of `core.tables.LINKS_IN`."""
    ends, marked, _ = text.partition(" (not primary)")
    from_, to = ends.split(" -> ")
    return {
        "from_object": str(TABLES[kind_of(from_)][1]),
        "from_id": case.world_id(from_),
        "to_object": str(TABLES[kind_of(to)][1]),
        "to_id": case.world_id(to),
        "is_primary": not marked,
    }


def _binding(case: Case, text: str) -> dict[str, str]:
    """`h1 = d1` as a row of `core.tables.BINDINGS`."""
    hubspot, dynamics = text.split(" = ")
    object_ = str(TABLES[kind_of(dynamics)][1])
    return {"object": object_, "hubspot_id": case.world_id(hubspot), "dynamics_id": case.world_id(dynamics)}


def read_sync(told: Mapping[str, Any] | None, object_: Object) -> ObjectSync:
    """The settings of one object; None is an object the case does not speak of."""
    own = dict(told or {})
    match = own.pop("match_field", {})
    direction = Direction.TO_HUBSPOT if object_ is Object.INVOICE else Direction.TWO_WAY
    return replace(
        ObjectSync(
            enabled=own.pop("enabled", told is not None or object_ in _ALWAYS_ON),
            direction=Direction(own.pop("direction", direction)),
            conflict_winner=System(own.pop("conflict_winner", System.DYNAMICS)),
            mappings=tuple(map(read_mapping, own.pop("mappings", _MAPPINGS[object_]))),
            filter_to_hubspot=read_filter(own.pop("filter_to_hubspot", "")),
            filter_to_dynamics=read_filter(own.pop("filter_to_dynamics", "")),
            stages=own.pop("stages", _STAGES if object_ is Object.DEAL else {}),
            lifecycle_stages=tuple(own.pop("lifecycle_stages", LIFECYCLE_STAGES.get(object_, ()))),
            required_properties=tuple(own.pop("required_properties", ())),
            match_hubspot=match.get("hubspot"),
            match_dynamics=match.get("dynamics"),
        ),
        **own,
    )


def read_mapping(text: str) -> FieldMapping:
    """`tier <-> tiercode (gold=1, trial=3)`; without pairs in parentheses the labels decide."""
    fields, _, pairs = text.removesuffix(")").partition(" (")
    return mapping_of(fields, dict(pair.split("=") for pair in pairs.split(", ")) if pairs else None)


def _own_keys(told: Mapping[str, Any]) -> Iterator[str]:
    for object_ in Object:
        yield from told.get(object_.value, {}).get("match_field", {}).values()


@dataclass(frozen=True)
class Told:
    """What an answer says of one case, in the words of the case files."""

    outcomes: list[str]
    writes: list[str]
    links: list[str]


def told_of(case: Case, answer: Answer) -> Told:
    """The part of a shared answer that is about one case, with the case's own ids."""
    world_ids = set(case.told.get("ids", {}).values())

    def is_mine(*ids: str | None) -> bool:
        return any(id_ is not None and (id_.startswith(case.prefix) or id_ in world_ids) for id_ in ids)

    mine = Answer(
        {key: rest for key, rest in answer.outcomes.items() if is_mine(key[2])},
        frozenset(row for row in answer.changes if is_mine(row[1], row[2])),
        frozenset(row for row in answer.links if is_mine(row[2])),
    )
    outcomes = (line.split(" ", 2)[2].replace(": ", " ", 1) for line in mine.outcome_lines())
    links = (re.sub(r"^\w+ \w+ (\S+) -> \w+ ", r"\1 -> ", line) for line in mine.link_lines())
    return Told(*(sorted(_local(case, line) for line in lines) for lines in (outcomes, mine.change_lines(), links)))


def _local(case: Case, line: str) -> str:
    for local, id_ in case.told.get("ids", {}).items():
        line = line.replace(id_, local)
    return line.replace(case.prefix, "")
