"""The settings of the small worlds: every key of every object, every assumption, at random."""

from __future__ import annotations

from collections.abc import Mapping

from dynsync_lib.core.filters.grammar import read_filter
from dynsync_lib.core.model import Direction, Object, System
from dynsync_lib.core.settings import FieldMapping, MatchMode, ObjectSync
from tests.laws.dice import Dice, pick, seldom, some
from tests.laws.fields import COMPANY, CONTACT, DEAL, INVOICE, LEAD, D, H
from tests.opinions import mapping_of

MAPPINGS: Mapping[Object, tuple[str, ...]] = {
    CONTACT: (
        "email {} emailaddress1",
        "firstname {} firstname",
        "lastname {} lastname",
        "phone {} telephone1",
        "tier {} tiercode",
        "hobbies {} hobbycodes",
        "hubspot_owner_id {} ownerid",
        "lifecyclestage {} stagecode",
        "score {} score",
        "agreed {} agreed",
        "birthday {} birthdate",
        "seen {} seen",
        "fixed {} fixed",
        "note {} statecode",
        "note {} ownerid",
        "birthday {} seen",
        "note {} score",
        "note {} agreed",
        "note {} birthdate",
        "score {} firstname",
        "hobbies {} firstname",
        "agreed {} fixed",
        "email {} emailaddress2",
        "note {} parentcustomerid",
        "website {} websiteurl",
        "seen {} birthdate",
        "ext {} extid",
    ),
    LEAD: (
        "email {} emailaddress1",
        "firstname {} firstname",
        "lastname {} lastname",
        "tier {} tiercode",
        "hobbies {} hobbycodes",
        "hubspot_owner_id {} ownerid",
        "lifecyclestage {} stagecode",
        "note {} ownerid",
        "agreed {} agreed",
        "ext {} extid",
    ),
    COMPANY: (
        "name {} name",
        "domain {} websiteurl",
        "city {} city",
        "size {} size",
        "ext {} extid",
        "lifecyclestage {} stagecode",
        "size {} city",
        "city {} statecode",
    ),
    DEAL: ("dealname {} name", "amount {} amount", "hubspot_owner_id {} ownerid", "ext {} extid"),
    INVOICE: ("hs_number {} name", "total {} total", "ext {} extid"),
}
FILTERS: Mapping[Object, Mapping[System, tuple[str | None, ...]]] = {
    CONTACT: {
        H: (
            None,
            "tier = 'Gold' or score > 10",
            "not (firstname contains 'A') and email is known",
            "agreed = true",
            "seen within last 30 days",
            "birthday >= 1980-05-05 or firstname in ('bo', \"al\")",
            "score != 12 and tier not in ('silver', 'Trial')",
            "phone is unknown",
            "hobbies in ('Chess', 'go')",
            "hobbies != 'Tennis' and not hobbies contains 'x'",
        ),
        D: (
            None,
            "statecode = 0",
            "tiercode = 'silver' or tiercode = 1",
            "score <= 12.0 and not agreed = false",
            "seen within last 9 days or birthdate < 1980-05-05",
            "firstname != 'AL'",
            "emailaddress1 contains '@G.EXAMPLE'",
            "hobbycodes = 'go' or hobbycodes = 3",
            "hobbycodes not in (2, 'Tennis', ' ')",
            "parentcustomerid is known or ownerid = '00000000-0000-4000-8000-0000000000U1'",
        ),
    },
    LEAD: {
        H: (None, "tier = 'Gold' or email is known", "firstname contains 'a'"),
        D: (None, "statecode = 0", "tiercode in (1, 2) or firstname is unknown"),
    },
    COMPANY: {
        H: (None, "size >= 12", "city is known", "name contains 'b'"),
        D: (None, "statecode = 'Active' or statecode is unknown", "size not in (12, 7)", "city = 'ulm'"),
    },
    DEAL: {H: (None, "amount > 5"), D: (None, "statecode = 0")},
    INVOICE: {H: (None, "total >= 12"), D: (None, "statecode = 0 or total is unknown")},
}
ASSUMPTIONS: Mapping[str, tuple[str, ...]] = {
    "first_record_order": ("api_order", "file_order", "guid_sql", "createdon_asc", "modifiedon_desc", "modifiedon_asc"),
    "process_first": ("dynamics", "hubspot"),
    "email_norm": ("lower_trim", "exact"),
    "secondary_email": ("match", "fail_409"),
    "lead_contact_overlap": ("both_bind_flag", "contact_wins", "first_sync_wins"),
    "company_keys": ("name", "name_or_domain", "domain"),
    "name_norm": ("casefold_trim", "exact_trim", "exact", "accent_fold"),
    "no_key": ("exclude", "create"),
    "company_dup": ("first_wins", "rest_created", "all_bind"),
    "resave_reconcile": ("true", "false"),
    "oneway_winner": ("direction_wins", "keep_target"),
    "filter_semantics": ("entry_only", "continuous"),
    "filter_scope": ("source", "both"),
    "filter_stage": ("before_claim", "after_claim"),
    "option_pairing": ("label_ci", "value", "explicit"),
    "multiselect": ("false", "true"),
    "invalid_value": ("fail_record", "skip_field", "fail_options"),
    "lifecycle_backward": ("ignored", "applied"),
    "owner_mode": ("by_email", "text_only"),
    "owner_fallback": ("none", "connector_user"),
    "assoc_missing_company": ("link_existing", "skip", "create"),
    "assoc_conflict": ("winner", "keep_both_sides", "add_non_primary"),
    "auto_company_first": ("true", "false"),
    "app_required": ("warn", "fail"),
    "dv_dup_rules": ("false", "true"),
    "include_inactive": ("true", "false"),
    "fill_empty_winner": ("true", "false"),
    "hs_write_rules": ("off", "on"),
    "pair_in_other_sync": ("create_too", "enough"),
    "assoc_deal_company": ("like_contact", "needs_sync"),
    "no_email_unmatched": ("exclude", "create"),
    "datetime_into_date": ("cut", "fail"),
    "fraction_to_whole": ("fail", "cut"),
}
_PEOPLE = (CONTACT, LEAD)
_REQUIRED: Mapping[Object, tuple[tuple[str, ...], ...]] = {
    CONTACT: (("firstname",), ("email", "lifecyclestage"), ("hubspot_owner_id", "note")),
    LEAD: (("tier", "email"), ("lifecyclestage",)),
    COMPANY: (("domain",), ("name", "lifecyclestage")),
    DEAL: (("dealstage", "amount"), ("dealstage",)),
    INVOICE: (("total",),),
}
_MATCH_MODES: tuple[MatchMode, ...] = (*("default",) * 6, "own_field", "none")


def draw_assumptions(dice: Dice) -> dict[str, str]:
    """Mostly defaults: each knob is turned in one world of three or four."""
    return {name: pick(dice, choices) for name, choices in ASSUMPTIONS.items() if seldom(dice, 3)}


def draw_sync(dice: Dice) -> dict[Object, ObjectSync]:
    """Settings of all five objects; each is on most of the time."""
    return {object_: _draw_object(dice, object_) for object_ in (COMPANY, CONTACT, LEAD, DEAL, INVOICE)}


def _draw_object(dice: Dice, object_: Object) -> ObjectSync:
    mode = pick(dice, _MATCH_MODES)
    is_person, is_deal = object_ in _PEOPLE, object_ is DEAL
    return ObjectSync(
        enabled=not seldom(dice, 6 if object_ in (CONTACT, COMPANY) else 4),
        direction=pick(dice, (Direction.TWO_WAY, Direction.TWO_WAY, *Direction)),
        conflict_winner=pick(dice, tuple(System)),
        filter_to_hubspot=None if seldom(dice, 2) else read_filter(pick(dice, FILTERS[object_][D]) or ""),
        filter_to_dynamics=None if seldom(dice, 2) else read_filter(pick(dice, FILTERS[object_][H]) or ""),
        default_mappings=not seldom(dice, 6),
        mappings=draw_mappings(dice, MAPPINGS[object_]),
        stages={"won": "3", "open": "1"} if is_deal else {},
        match_mode=mode,
        match_hubspot="ext" if mode == "own_field" else None,
        match_dynamics="extid" if mode == "own_field" else None,
        only_existing_in_target=seldom(dice, 10),
        require_email=not (is_person and seldom(dice, 3)),
        lifecycle_stages=_draw_stages(dice, object_) if is_person else (),
        default_lifecycle_stage=pick(dice, ("", "", "lead", "customer", "odd")) if is_person else "",
        sync_user_may_write=not seldom(dice, 10),
        required_properties=pick(dice, ((), (), *_REQUIRED[object_])),
    )


def _draw_stages(dice: Dice, object_: Object) -> tuple[str, ...]:
    """The stages of one of the two syncs; no stage is in both."""
    return pick(dice, ((), (), ("customer", "other") if object_ is CONTACT else ("lead", "odd")))


def draw_mappings(dice: Dice, texts: tuple[str, ...]) -> tuple[FieldMapping, ...]:
    """Some mappings; no field twice."""
    chosen: list[FieldMapping] = []
    for text in texts:
        sign = pick(dice, ["<->", "<->", "->", "<-", ""])
        mapping = mapping_of(text.format(sign), _draw_options(dice, text)) if sign else None
        if mapping is not None and not any(
            mapping.hubspot == one.hubspot or mapping.dynamics == one.dynamics for one in chosen
        ):
            chosen.append(mapping)
    return tuple(chosen)


def _draw_options(dice: Dice, text: str) -> dict[str, str]:
    if text.startswith("tier") and seldom(dice, 3):
        return {"gold": "1", "trial": "3", "other": "9"}
    if text.startswith("hobbies") and "hobbycodes" in text and seldom(dice, 3):
        return {"chess": "2", "unknown": "9", "golf": "1"}
    return {}


_NOT_DELIVERED = (
    "hubspot.contact.score",
    "hubspot.contact.lifecyclestage",
    "hubspot.contact.hubspot_owner_id",
    "hubspot.contact.ext",
    "hubspot.company.domain",
    "dynamics.company.city",
    "dynamics.contact.ownerid",
    "dynamics.lead.extid",
    "dynamics.deal.statecode",
)


def draw_undelivered(dice: Dice) -> frozenset[str]:
    """Now and then a few columns that a portal did not deliver."""
    return frozenset(some(dice, _NOT_DELIVERED, 3)) if seldom(dice, 3) else frozenset()
