"""The fields of the small worlds: one of each kind and each quirk that the rules tell apart."""

from __future__ import annotations

from dynsync_lib.core.fields.catalogue import Field, Option
from dynsync_lib.core.model import Object, System

H, D = System.HUBSPOT, System.DYNAMICS
CONTACT, COMPANY, LEAD, DEAL, INVOICE = Object.CONTACT, Object.COMPANY, Object.LEAD, Object.DEAL, Object.INVOICE

TIERS = (Option("gold", "Gold"), Option("silver", "Silver"), Option("trial", "Trial"), Option("3", "Three"))
TIER_CODES = (Option("1", " gold "), Option("2", "SILVER"), Option("3", "Platinum"))
HOBBIES = (Option("chess", "Chess"), Option("go", "Go"), Option("2", "Tennis"), Option("golf", "Golf"))
HOBBY_CODES = (Option("1", "go"), Option("2", "CHESS"), Option("3", "Rowing"), Option("4", "Tennis"))
STAGES = (Option("won", "Won"), Option("open", "Open"))
LIFECYCLE = tuple(
    Option(name, name.title())
    for name in (
        "subscriber",
        "lead",
        "marketingqualifiedlead",
        "salesqualifiedlead",
        "opportunity",
        "customer",
        "evangelist",
        "other",
    )
)
LIFECYCLE_CODES = (Option("1", "Lead"), Option("2", "customer"), Option("3", "Opportunity"), Option("4", "Nobody"))

_ACTIVE = (Option("0", "Active"), Option("1", "Inactive"))


def _dynamics_person(object_: Object) -> tuple[Field, ...]:
    return (
        Field(D, object_, "emailaddress1", "Email", "String", "Email", length=100),
        Field(D, object_, "firstname", "First", "String", "Text", length=6),
        Field(D, object_, "lastname", "Last", "String", "Text", length=8, required="ApplicationRequired"),
        Field(D, object_, "tiercode", "Tier", "Picklist", options=TIER_CODES),
        Field(D, object_, "hobbycodes", "Hobbies", "Virtual", "MultiSelectPicklistType", HOBBY_CODES),
        Field(D, object_, "stagecode", "Stage", "Picklist", options=LIFECYCLE_CODES),
        Field(D, object_, "extid", "External id", "String", "Text", length=20),
        Field(D, object_, "ownerid", "Owner", "Owner", required="SystemRequired", targets=("systemuser", "team")),
        Field(D, object_, "agreed", "Agreed", "Boolean", required="SystemRequired"),
        Field(D, object_, "statecode", "Status", "State", options=_ACTIVE, required="SystemRequired"),
        Field(D, object_, "createdon", "Created", "DateTime", "DateAndTime", read_only=True, required="SystemRequired"),
        Field(D, object_, "modifiedon", "Modified", "DateTime", "DateAndTime", read_only=True),
    )


FIELDS: tuple[Field, ...] = (
    Field(H, CONTACT, "email", "Email", "string", "text"),
    Field(H, CONTACT, "hs_additional_emails", "Additional", "enumeration", "checkbox"),
    Field(H, CONTACT, "firstname", "First", "string", "text"),
    Field(H, CONTACT, "lastname", "Last", "string", "text"),
    Field(H, CONTACT, "phone", "Phone", "string", "phonenumber"),
    Field(H, CONTACT, "tier", "Tier", "enumeration", "select", TIERS),
    Field(H, CONTACT, "hobbies", "Hobbies", "enumeration", "checkbox", HOBBIES),
    Field(H, CONTACT, "score", "Score", "number", "number"),
    Field(H, CONTACT, "agreed", "Agreed", "bool", "booleancheckbox"),
    Field(H, CONTACT, "birthday", "Birthday", "date", "date"),
    Field(H, CONTACT, "seen", "Seen", "datetime", "date"),
    Field(H, CONTACT, "note", "Note", "string", "textarea"),
    Field(H, CONTACT, "fixed", "Fixed", "string", "text", read_only=True),
    Field(H, CONTACT, "ext", "External id", "string", "text"),
    Field(H, CONTACT, "website", "Website", "string", "text"),
    Field(H, CONTACT, "lifecyclestage", "Lifecycle stage", "enumeration", "radio", LIFECYCLE),
    Field(H, CONTACT, "hubspot_owner_id", "Owner", "enumeration", "select"),
    Field(H, CONTACT, "createdate", "Created", "datetime", "date", read_only=True),
    Field(H, CONTACT, "lastmodifieddate", "Modified", "datetime", "date", read_only=True),
    *_dynamics_person(CONTACT),
    Field(D, CONTACT, "emailaddress2", "Email 2", "String", "Email", length=100),
    Field(D, CONTACT, "telephone1", "Phone", "String", "Phone", length=20),
    Field(D, CONTACT, "score", "Score", "Decimal", min_value=0, max_value=100),
    Field(D, CONTACT, "birthdate", "Birthday", "DateTime", "DateOnly", behavior="DateOnly"),
    Field(D, CONTACT, "seen", "Seen", "DateTime", "DateAndTime", behavior="UserLocal"),
    Field(D, CONTACT, "fixed", "Fixed", "String", "Text", length=100),
    Field(D, CONTACT, "websiteurl", "Web site", "String", "Url", length=200),
    Field(D, CONTACT, "parentcustomerid", "Company", "Customer", targets=("account", "contact")),
    *_dynamics_person(LEAD),
    Field(H, COMPANY, "name", "Name", "string", "text"),
    Field(H, COMPANY, "domain", "Domain", "string", "text"),
    Field(H, COMPANY, "hs_additional_domains", "Additional domains", "enumeration", "checkbox"),
    Field(H, COMPANY, "city", "City", "string", "text"),
    Field(H, COMPANY, "size", "Size", "number", "number"),
    Field(H, COMPANY, "ext", "External id", "string", "text"),
    Field(H, COMPANY, "lifecyclestage", "Lifecycle stage", "enumeration", "radio", LIFECYCLE),
    Field(H, COMPANY, "createdate", "Created", "datetime", "date", read_only=True),
    Field(H, COMPANY, "hs_lastmodifieddate", "Modified", "datetime", "date", read_only=True),
    Field(D, COMPANY, "name", "Name", "String", "Text", length=20),
    Field(D, COMPANY, "websiteurl", "Web site", "String", "Url", length=200),
    Field(D, COMPANY, "city", "City", "String", "Text", length=8),
    Field(D, COMPANY, "size", "Size", "Integer", min_value=0, max_value=1000),
    Field(D, COMPANY, "extid", "External id", "String", "Text", length=20, required="ApplicationRequired"),
    Field(D, COMPANY, "stagecode", "Stage", "Picklist", options=LIFECYCLE_CODES),
    Field(D, COMPANY, "statecode", "Status", "State"),
    Field(D, COMPANY, "createdon", "Created", "DateTime", "DateAndTime", read_only=True),
    Field(D, COMPANY, "modifiedon", "Modified", "DateTime", "DateAndTime", read_only=True),
    Field(H, DEAL, "dealname", "Name", "string", "text"),
    Field(H, DEAL, "dealstage", "Stage", "enumeration", "radio", STAGES),
    Field(H, DEAL, "amount", "Amount", "number", "number"),
    Field(H, DEAL, "ext", "External id", "string", "text"),
    Field(H, DEAL, "hubspot_owner_id", "Owner", "enumeration", "select"),
    Field(H, DEAL, "createdate", "Created", "datetime", "date", read_only=True),
    Field(H, DEAL, "hs_lastmodifieddate", "Modified", "datetime", "date", read_only=True),
    Field(D, DEAL, "name", "Name", "String", "Text", length=6, required="ApplicationRequired"),
    Field(D, DEAL, "statuscode", "Status", "Status"),
    Field(D, DEAL, "statecode", "State", "State"),
    Field(D, DEAL, "amount", "Amount", "Money", min_value=0, max_value=1000),
    Field(D, DEAL, "extid", "External id", "String", "Text", length=20),
    Field(D, DEAL, "ownerid", "Owner", "Owner", targets=("systemuser", "team")),
    Field(D, DEAL, "createdon", "Created", "DateTime", "DateAndTime", read_only=True),
    Field(D, DEAL, "modifiedon", "Modified", "DateTime", "DateAndTime", read_only=True),
    Field(D, DEAL, "parentaccountid", "Account", "Lookup", targets=("account",)),
    Field(D, DEAL, "parentcontactid", "Contact", "Lookup", targets=("contact",)),
    Field(D, DEAL, "customerid", "Potential Customer", "Customer", targets=("account", "contact")),
    Field(H, INVOICE, "hs_number", "Number", "string", "text"),
    Field(H, INVOICE, "ext", "External id", "string", "text"),
    Field(H, INVOICE, "total", "Total", "number", "number"),
    Field(H, INVOICE, "createdate", "Created", "datetime", "date", read_only=True),
    Field(H, INVOICE, "hs_lastmodifieddate", "Modified", "datetime", "date", read_only=True),
    Field(D, INVOICE, "name", "Name", "String", "Text", length=6, required="SystemRequired"),
    Field(D, INVOICE, "extid", "External id", "String", "Text", length=20),
    Field(D, INVOICE, "total", "Total", "Money"),
    Field(D, INVOICE, "statecode", "State", "State"),
    Field(D, INVOICE, "createdon", "Created", "DateTime", "DateAndTime", read_only=True),
    Field(D, INVOICE, "modifiedon", "Modified", "DateTime", "DateAndTime", read_only=True),
    Field(D, INVOICE, "customerid", "Customer", "Customer", targets=("account", "contact")),
)
"""All fields of both systems."""
