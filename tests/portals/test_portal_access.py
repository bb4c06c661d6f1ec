"""What is asked of each table: what a forecast looks at, and nothing else."""

from __future__ import annotations

from dynsync_lib import kit
from dynsync_lib.core.needed_fields import needed_fields
from dynsync_lib.core.settings_file.reader import parse_settings

SETTINGS = """
[sync.contact]
filter_to_hubspot = "new_region = 'north' and statecode = 0"
filter_to_dynamics = "hs_persona = 'buyer'"

[[sync.contact.mapping]]
hubspot = "favourite_colour"
dynamics = "new_colour"
"""


def test_needed_fields__what_is_mapped_and_what_filters_ask() -> None:
    settings = parse_settings(SETTINGS, file="dynsync.toml", rulebook=kit.rulebook())
    needed = needed_fields(settings, kit.rulebook())
    assert {"favourite_colour", "hs_persona", "firstname"} <= set(needed["hubspot/contacts"])
    assert {"new_colour", "new_region", "firstname"} <= set(needed["dynamics/contacts"])
    assert not {"new_colour", "new_region"} & set(needed["dynamics/accounts"])


def test_needed_fields__who_made_and_who_changed_a_record() -> None:
    needed = needed_fields(parse_settings("", file="dynsync.toml", rulebook=kit.rulebook()), kit.rulebook())
    assert {"hs_created_by_user_id", "hs_updated_by_user_id"} <= set(needed["hubspot/deals"])
    assert {"_createdby_value", "_modifiedby_value"} <= set(needed["dynamics/leads"])


def test_needed_fields__what_the_rules_look_at() -> None:
    settings = parse_settings("", file="dynsync.toml", rulebook=kit.rulebook())
    needed = needed_fields(settings, kit.rulebook())
    times = {"createdate", "lastmodifieddate"}
    owned = {"hubspot_owner_id", "lifecyclestage", "hs_marketable_status", "hs_additional_emails"}
    assert times | owned | {"email", "hs_object_id"} <= set(needed["hubspot/contacts"])
    assert {"dealstage", "pipeline", "hubspot_owner_id"} <= set(needed["hubspot/deals"])
    parents = {"statecode", "statuscode", "ownerid", "parentcustomerid", "createdon", "modifiedon"}
    assert parents | {"emailaddress1", "contactid"} <= set(needed["dynamics/contacts"])
    assert {"statecode", "ownerid", "parentaccountid", "parentcontactid"} <= set(needed["dynamics/opportunities"])
    assert {"customerid", "statecode", "totalamount"} <= set(needed["dynamics/invoices"])
    assert max(map(len, needed.values())) < 60
