"""Which objects a switch can move, with this data and these settings.

Facts
    * A switch about shared keys asks for shared keys, one about filters for a filter, one about options for a mapping
      of choices: what is not there cannot move, and is not decided again.
    * An address is taken in HubSpot whatever persons are matched by, so what is about addresses asks beyond keys.
    * `process_first`, `owner_fallback`, `assoc_missing_company`, `assoc_conflict` and `auto_company_first` move no
      outcome: the first nothing at all, the others fields and associations.

Source: rules/assumptions.toml; docs/semantics.md, where each knob stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.matching.bindings import is_bound_before
from dynsync_lib.core.matching.sides import key_of
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import (
    PERSONS,
    Situation,
    email_column,
    has_keys,
    has_second_round,
    is_keyed_by_domain,
    opposite,
)
from dynsync_lib.core.sync.initial_sync import Decision
from dynsync_lib.core.tables import record_table
from dynsync_lib.core.writing.refusals import NUMBER_OF

ABOUT_FIELDS: Final[Mapping[str, bool]] = {
    "oneway_winner": False,
    "fill_empty_winner": False,
    "resave_reconcile": False,
    "lifecycle_backward": False,
    "option_pairing": True,
    "multiselect": True,
    "invalid_value": True,
    "owner_mode": True,
    "app_required": True,
}
"""The knobs that change what is written, and whether they change which creates are refused."""
ABOUT_CREATES: Final = frozenset({"app_required"})
"""The knobs about fields that leave the fields of pairs alone."""


_OF_VALUES: Final = tuple(NUMBER_OF[rule] for rule in ("contact.invalid-email", "field.too-long", "field.range"))
_OF_WRITES: Final = (*_OF_VALUES, NUMBER_OF["record.privilege"], NUMBER_OF["record.inactive-readonly"])


@dataclass(frozen=True, slots=True)
class _Profile:
    """What the data of one object holds that a switch can be about."""

    shares_keys: bool = False
    lacks_keys: bool = False
    has_secondary: bool = False
    shares_addresses: bool = False


@dataclass(frozen=True, slots=True)
class _Keys:
    """Whether several records of one side share a key, and whether some have none."""

    shares: bool
    lacks: bool


class Mover:
    """Answers which of the objects that are on a knob can move."""

    def __init__(self, situation: Situation, decision: Decision) -> None:
        self.situation, self.decision = situation, decision
        self.profiles = {object_: self._profile(object_) for object_ in decision.decided}
        self._choice = ""

    def movable(self, knob: str, choice: str) -> tuple[Object, ...]:
        """The objects that this other choice of a knob can move."""
        self._choice = choice
        can_move = self._tests().get(knob)
        if can_move is None:
            return ()
        return tuple(object_ for object_ in self.decision.decided if can_move(object_))

    def _tests(self) -> dict[str, Callable[[Object], bool]]:
        return {
            "first_record_order": self._order,
            "email_norm": self._is_default_person,
            "secondary_email": self._secondary,
            "lead_contact_overlap": self._overlap,
            "company_keys": self._company_keys,
            "name_norm": lambda one: self._is_default_company(one) and not is_keyed_by_domain(self.situation),
            "no_key": self._no_key,
            "company_dup": lambda one: self._is_default_company(one) and self._shares(one),
            "resave_reconcile": self._is_bound,
            "oneway_winner": self._oneway,
            "filter_semantics": self._is_bound,
            "filter_scope": lambda one: self._is_filtered(one) and (self._is_keyed(one) or self._is_bound(one)),
            "filter_stage": self._stage,
            "option_pairing": self._pairs_options,
            "multiselect": lambda one: self._has_kinds(one, "several_choices", "several_choices"),
            "invalid_value": self._invalid,
            "lifecycle_backward": self._lifecycle,
            "owner_mode": lambda one: self._has_kinds(one, "owner", None),
            "app_required": self._required,
            "dv_dup_rules": lambda one: one in PERSONS and self._creates_in(one, System.DYNAMICS),
            "include_inactive": lambda one: "statecode" in self.situation.columns(one, System.DYNAMICS),
            "fill_empty_winner": lambda one: self._is_two_way(one) and self._has_pairs(one),
        }

    # --- settings ----------------------------------------------------------------------------------------------

    def _is_default_person(self, object_: Object) -> bool:
        return object_ in PERSONS and self.situation.sync(object_).match_mode == "default"

    def _is_default_company(self, object_: Object) -> bool:
        return object_ is Object.COMPANY and self.situation.sync(object_).match_mode == "default"

    def _is_keyed(self, object_: Object) -> bool:
        return has_keys(self.situation, object_)

    def _is_bound(self, object_: Object) -> bool:
        return is_bound_before(self.situation, object_)

    def _has_pairs(self, object_: Object) -> bool:
        return self._is_keyed(object_) or self._is_bound(object_)

    def _is_two_way(self, object_: Object) -> bool:
        return all(self.situation.sync(object_).is_source(system) for system in System)

    def _creates_in(self, object_: Object, target: System) -> bool:
        """Whether records may be created in that system."""
        sync = self.situation.sync(object_)
        return sync.is_source(opposite(target)) and not sync.only_existing_in_target

    def _is_filtered(self, object_: Object) -> bool:
        sync = self.situation.sync(object_)
        is_routed = object_ in PERSONS and all(person in self.decision.decided for person in PERSONS)
        keeps_out = self.situation.chosen("include_inactive") == "false"
        return object_ is Object.DEAL or is_routed or keeps_out or any(sync.filter_of(system) for system in System)

    def _overlap(self, object_: Object) -> bool:
        return object_ is Object.LEAD and all(
            person in self.decision.decided and self._is_default_person(person) for person in PERSONS
        )

    def _oneway(self, object_: Object) -> bool:
        sync = self.situation.sync(object_)
        is_one_way = not self._is_two_way(object_) or any(
            judged.flow is not None and not judged.is_two_way for judged in self.decision.mappings[object_]
        )
        return is_one_way and self._has_pairs(object_) and bool(sync.mappings)

    def _required(self, object_: Object) -> bool:
        fields = self.situation.catalogue.fields.values()
        wanted = (System.DYNAMICS, object_, "ApplicationRequired")
        return self._creates_in(object_, System.DYNAMICS) and any(
            (one.system, one.object, one.required) == wanted for one in fields
        )

    # --- mappings ------------------------------------------------------------------------------------------------

    def _pairs_options(self, object_: Object) -> bool:
        flowing = [one for one in self.decision.mappings[object_] if one.flow is not None]
        return any(one.pairs_options() and not one.mapping.options for one in flowing)

    def _has_kinds(self, object_: Object, hubspot: str, dynamics: str | None) -> bool:
        """Whether a mapping has a field of that kind on HubSpot's side, or, with `dynamics` None, on either."""
        kinds = [one.kinds for one in self.decision.mappings[object_]]
        if dynamics is None:
            return any(hubspot in one.values() for one in kinds)
        return any((one[System.HUBSPOT], one[System.DYNAMICS]) == (hubspot, dynamics) for one in kinds)

    def _lifecycle(self, object_: Object) -> bool:
        return any(
            one.mapping.hubspot == "lifecyclestage" and one.writes_to(System.HUBSPOT)
            for one in self.decision.mappings[object_]
        )

    def _invalid(self, object_: Object) -> bool:
        """Whether a value was refused, or an option is without a partner; both are known only by what is in force."""
        if "fail_options" in (self._choice, self.situation.chosen("invalid_value")):
            flowing = [one for one in self.decision.mappings[object_] if one.flow is not None]
            if any(one.pairs_options() for one in flowing):
                return True
        if "skip_field" not in (self._choice, self.situation.chosen("invalid_value")):
            return False
        return self.situation.chosen("invalid_value") == "skip_field" or self._has_refusals(object_)

    # --- data ------------------------------------------------------------------------------------------------------

    def _order(self, object_: Object) -> bool:
        profile = self.profiles[object_]
        some = profile.shares_keys or profile.has_secondary or profile.shares_addresses
        return self._is_bound(object_) or some or self._shares(object_)

    def _secondary(self, object_: Object) -> bool:
        """Also where persons are not matched by address: an additional one is taken all the same (9.14)."""
        may_meet = self._is_default_person(object_) or (
            object_ in PERSONS and self._creates_in(object_, System.HUBSPOT)
        )
        return may_meet and self.profiles[object_].has_secondary

    def _shares(self, object_: Object) -> bool:
        second_round = object_ is Object.COMPANY and has_second_round(self.situation)
        return self.profiles[object_].shares_keys or second_round

    def _stage(self, object_: Object) -> bool:
        profile = self.profiles[object_]
        some = profile.shares_keys or profile.lacks_keys or self._shares(object_)
        return self._is_filtered(object_) and self._is_keyed(object_) and some

    def _no_key(self, object_: Object) -> bool:
        is_asked = object_ is Object.COMPANY or self.situation.sync(object_).match_mode == "own_field"
        return is_asked and self._is_keyed(object_) and self.profiles[object_].lacks_keys

    def _company_keys(self, object_: Object) -> bool:
        """Also where no domain was delivered: by domain, a company without one cannot be matched at all."""
        return self._is_default_company(object_) and self.situation.sync(object_).default_mappings

    def _has_refusals(self, object_: Object) -> bool:
        """Whether a value was refused, or may be behind a refusal that stands only as long as something is written."""
        work = self.decision.works[object_]
        writes = [work.written.select(refusal=f"{system}_refusal") for system in System]
        frames = [(one, _OF_WRITES) for one in writes] + [(one, _OF_VALUES) for one in work.refusals.values()]
        refused = (one.filter(nw.col("refusal").is_in(numbers)).head(1).collect() for one, numbers in frames)
        return any(not one.is_empty() for one in refused)

    def _profile(self, object_: Object) -> _Profile:
        told = self._profile_of_keys(object_) if has_keys(self.situation, object_) else _Profile()
        if object_ not in PERSONS:
            return told
        return replace(told, has_secondary=self._has_secondary(), shares_addresses=self._shares_addresses(object_))

    def _profile_of_keys(self, object_: Object) -> _Profile:
        keys = [self._counted(object_, system, key_of(self.situation, object_, system)) for system in System]
        return _Profile(any(one.shares for one in keys), any(one.lacks for one in keys))

    def _shares_addresses(self, object_: Object) -> bool:
        """Whether persons that are not matched by their address share one: the first of them has it (9.14)."""
        is_key = self._is_default_person(object_) and email_column(self.situation) == "email_key"
        return not is_key and any(self._counted(object_, one, nw.col("email_key")).shares for one in System)

    def _counted(self, object_: Object, system: System, key: nw.Expr) -> _Keys:
        table = self.situation.tables[record_table(object_, system).name].select(key=key)
        told = table.select(n=nw.len(), keys=nw.col("key").count(), distinct=nw.col("key").n_unique())
        n, keys, distinct = told.collect().rows()[0]
        # n_unique counts null as a value of its own, and is null itself where there are no rows
        return _Keys(shares=keys > (distinct or 0) - (1 if n > keys else 0), lacks=n > keys)

    def _has_secondary(self) -> bool:
        listed = self.situation.tables["hubspot/contacts"].select(address="secondary_email_keys").explode("address")
        return not listed.filter(~nw.col("address").is_null()).head(1).collect().is_empty()
