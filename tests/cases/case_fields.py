"""The fields of the two portals of the readable cases: few enough to know by heart, and close to the real ones."""

from __future__ import annotations

from dynsync_lib.core.fields.catalogue import Field, Option
from dynsync_lib.core.model import Object, System

H, D = System.HUBSPOT, System.DYNAMICS
CONTACT, COMPANY, LEAD, DEAL, INVOICE = Object.CONTACT, Object.COMPANY, Object.LEAD, Object.DEAL, Object.INVOICE


def _options(text: str) -> tuple[Option, ...]:
    """`1=Gold, 2=SILVER`: value and label; a value alone is its own label."""
    parts = (part.partition("=") for part in text.split(", "))
    return tuple(Option(value, label or value) for value, _, label in parts)


_LIFECYCLE = _options(
    "subscriber=Subscriber, lead=Lead, marketingqualifiedlead=MQL, salesqualifiedlead=SQL, opportunity=Opportunity, "
    "customer=Customer, evangelist=Evangelist, other=Other"
)
_STAGES = _options("appointmentscheduled=Appointment, closedwon=Won, closedlost=Lost")
_STATES = _options("0=Active, 1=Inactive")
_ACCOUNT_OR_CONTACT = ("account", "contact")

_HUBSPOT = (
    Field(H, CONTACT, "email", "Email", "string", "text"),
    Field(H, CONTACT, "hs_additional_emails", "Additional emails", "enumeration", "checkbox"),
    Field(H, CONTACT, "firstname", "First name", "string", "text"),
    Field(H, CONTACT, "lastname", "Last name", "string", "text"),
    Field(H, CONTACT, "jobtitle", "Job title", "string", "text"),
    Field(H, CONTACT, "phone", "Phone", "string", "phonenumber"),
    Field(H, CONTACT, "note", "Note", "string", "textarea"),
    Field(H, CONTACT, "website", "Website URL", "string", "text"),
    Field(H, CONTACT, "fixed", "Fixed", "string", "text", read_only=True),
    Field(H, CONTACT, "country", "Country", "enumeration", "select", _options("de=Germany, it=Italy")),
    Field(H, CONTACT, "tier", "Tier", "enumeration", "select", _options("gold=Gold, silver=Silver, trial=Trial")),
    Field(H, CONTACT, "rating", "Rating", "enumeration", "select", _options("1=Cold, 2=Hot")),
    Field(
        H, CONTACT, "interests", "Interests", "enumeration", "checkbox", _options("sport=Sport, music=Music, art=Art")
    ),
    Field(H, CONTACT, "score", "Score", "number", "number"),
    Field(H, CONTACT, "agreed", "Agreed", "bool", "booleancheckbox"),
    Field(H, CONTACT, "birthday", "Birthday", "date", "date"),
    Field(H, CONTACT, "seen", "Last seen", "datetime", "date"),
    Field(H, CONTACT, "hs_lead_status", "Lead status", "enumeration", "radio", _options("NEW=New, MQL=Qualified")),
    Field(H, CONTACT, "lifecyclestage", "Lifecycle stage", "enumeration", "radio", _LIFECYCLE),
    Field(H, CONTACT, "hubspot_owner_id", "Contact owner", "enumeration", "select"),
    Field(H, CONTACT, "createdate", "Create date", "datetime", "date", read_only=True),
    Field(H, CONTACT, "lastmodifieddate", "Last modified", "datetime", "date", read_only=True),
    Field(H, COMPANY, "name", "Name", "string", "text"),
    Field(H, COMPANY, "domain", "Domain", "string", "text"),
    Field(H, COMPANY, "hs_additional_domains", "Additional domains", "enumeration", "checkbox"),
    Field(H, COMPANY, "city", "City", "string", "text"),
    Field(H, COMPANY, "hs_lastmodifieddate", "Last modified", "datetime", "date", read_only=True),
    Field(H, DEAL, "dealname", "Deal name", "string", "text"),
    Field(H, DEAL, "dealnumber", "Deal number", "string", "text"),
    Field(H, DEAL, "dealstage", "Stage", "enumeration", "radio", _STAGES),
    Field(H, DEAL, "amount", "Amount", "number", "number"),
    Field(H, INVOICE, "hs_title", "Title", "string", "text"),
)
_DYNAMICS = (
    Field(D, CONTACT, "emailaddress1", "Email", "String", "Email", length=100),
    Field(D, CONTACT, "emailaddress2", "Email 2", "String", "Email", length=100),
    Field(D, CONTACT, "firstname", "First Name", "String", "Text", length=10),
    Field(D, CONTACT, "lastname", "Last Name", "String", "Text", required="ApplicationRequired", length=50),
    Field(D, CONTACT, "jobtitle", "Job Title", "String", "Text", length=100),
    Field(D, CONTACT, "telephone1", "Phone", "String", "Phone", length=50),
    Field(D, CONTACT, "websiteurl", "Website", "String", "Url", length=200),
    Field(D, CONTACT, "address1_country", "Country", "String", "Text", length=80),
    Field(D, CONTACT, "tiercode", "Tier", "Picklist", options=_options("1= Gold , 2=SILVER, 3=Platinum")),
    Field(D, CONTACT, "ratingcode", "Rating", "Picklist", options=_options("1=Hot, 2=Cold")),
    Field(D, CONTACT, "stagecode", "Stage", "Picklist", options=_options("1=Lead, 2=Customer")),
    Field(
        D,
        CONTACT,
        "interestcodes",
        "Interests",
        "Virtual",
        "MultiSelectPicklistType",
        _options("1=Sport, 2=Music, 3=Food"),
    ),
    Field(D, CONTACT, "score", "Score", "Decimal", min_value=0, max_value=100),
    Field(D, CONTACT, "agreed", "Agreed", "Boolean"),
    Field(D, CONTACT, "donotbulkemail", "Do not allow Bulk Emails", "Boolean"),
    Field(D, CONTACT, "visits", "Visits", "Integer"),
    Field(D, CONTACT, "birthdate", "Birthday", "DateTime", "DateOnly", behavior="DateOnly"),
    Field(D, CONTACT, "seen", "Last Seen", "DateTime", "DateAndTime", behavior="UserLocal"),
    Field(D, CONTACT, "statecode", "Status", "State", options=_STATES),
    Field(D, CONTACT, "createdon", "Created On", "DateTime", "DateAndTime", read_only=True),
    Field(D, CONTACT, "modifiedon", "Modified On", "DateTime", "DateAndTime", read_only=True),
    Field(D, CONTACT, "parentcustomerid", "Company Name", "Customer", targets=_ACCOUNT_OR_CONTACT),
    Field(D, CONTACT, "ownerid", "Owner", "Owner", required="SystemRequired", targets=("systemuser", "team")),
    Field(D, COMPANY, "name", "Account Name", "String", "Text", length=40),
    Field(D, COMPANY, "accountnumber", "Account Number", "String", "Text", length=20),
    Field(D, COMPANY, "websiteurl", "Website", "String", "Url", length=200),
    Field(D, COMPANY, "city", "City", "String", "Text", length=80),
    Field(D, COMPANY, "statecode", "Status", "State", options=_STATES),
    Field(D, COMPANY, "modifiedon", "Modified On", "DateTime", "DateAndTime", read_only=True),
    Field(D, COMPANY, "ownerid", "Owner", "Owner", required="SystemRequired", targets=("systemuser", "team")),
    Field(D, LEAD, "emailaddress1", "Email", "String", "Email", length=100),
    Field(D, LEAD, "firstname", "First Name", "String", "Text", length=50),
    Field(D, LEAD, "statecode", "Status", "State", options=_STATES),
    Field(D, LEAD, "modifiedon", "Modified On", "DateTime", "DateAndTime", read_only=True),
    Field(D, DEAL, "name", "Topic", "String", "Text", required="SystemRequired", length=20),
    Field(D, DEAL, "opportunitynumber", "Number", "String", "Text", length=20),
    Field(D, DEAL, "statuscode", "Status Reason", "Status", options=_options("1=In Progress, 3=Won, 9=On Hold")),
    Field(D, DEAL, "statecode", "Status", "State"),
    Field(D, DEAL, "estimatedvalue", "Est. Revenue", "Money", min_value=0, max_value=1_000_000),
    Field(D, DEAL, "parentaccountid", "Account", "Lookup", targets=("account",)),
    Field(D, DEAL, "parentcontactid", "Contact", "Lookup", targets=("contact",)),
    Field(D, DEAL, "customerid", "Potential Customer", "Customer", targets=_ACCOUNT_OR_CONTACT),
    Field(D, INVOICE, "name", "Name", "String", "Text", length=300),
    Field(D, INVOICE, "statecode", "Status", "State"),
    Field(D, INVOICE, "customerid", "Customer", "Customer", targets=_ACCOUNT_OR_CONTACT),
)
FIELDS = (*_HUBSPOT, *_DYNAMICS)
