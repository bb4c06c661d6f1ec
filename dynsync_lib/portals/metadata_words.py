"""Words of both vendors for metadata: headings, objects, types, yes and no, how much a column is required.

Facts
    * All words are compared in lower case, without anything but letters and digits.

Where it is used: `portals.metadata_files`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


def plain_word(text: str) -> str:
    """The letters and digits of a text, in lower case."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


HEADINGS: Final[Mapping[str, str]] = {
    "object": "object",
    "entity": "object",
    "table": "object",
    "name": "name",
    "logicalname": "name",
    "internalname": "name",
    "label": "label",
    "displayname": "label",
    "type": "type",
    "datatype": "type",
    "attributetype": "type",
    "fieldtype": "field_type",
    "format": "format",
    "options": "options",
    "readonly": "read_only",
    "calculated": "calculated",
    "unique": "unique",
    "hasuniquevalue": "unique",
    "hidden": "hidden",
    "required": "required",
    "requiredlevel": "required",
    "length": "length",
    "maxlength": "length",
    "minvalue": "min_value",
    "maxvalue": "max_value",
    "targets": "targets",
    "behavior": "behavior",
    "datetimebehavior": "behavior",
    "isvalidforupdate": "isvalidforupdate",
    "readonlyvalue": "readonlyvalue",
    "modificationmetadata": "modificationmetadata",
}
NOT_WRITABLE: Final[Mapping[str, bool]] = {
    "isvalidforupdate": False,
    "readonlyvalue": True,
    "modificationmetadata": True,
}
"""Headings of the vendors' APIs that say whether a field can be written, and which answer means that it cannot."""
OBJECTS: Final[Mapping[str, str]] = {
    "account": "company",
    "companie": "company",
    "opportunity": "deal",
    "opportunitie": "deal",
}
"""Microsoft's names, and plurals without their `s`."""
YES: Final = frozenset({"true", "yes", "y", "1", "x", "ja", "j", "wahr"})
NO: Final = frozenset({"false", "no", "n", "0", "nein", "falsch"})
REQUIRED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("none", "optional", *NO), "None"),
    **dict.fromkeys(("recommended", "businessrecommended"), "Recommended"),
    **dict.fromkeys(("applicationrequired", "businessrequired"), "ApplicationRequired"),
    **dict.fromkeys(("systemrequired", "required", *YES), "SystemRequired"),
}
_DATAVERSE: Final = (
    *("String", "Memo", "Integer", "BigInt", "Decimal", "Double", "Money", "Picklist", "State", "Status", "Boolean"),
    *("DateTime", "Lookup", "Customer", "Owner", "PartyList", "MultiSelectPicklist", "Uniqueidentifier", "Virtual"),
    *("EntityName", "ManagedProperty", "CalendarRules", "Image", "File"),
)
_HUBSPOT: Final = (
    *("string", "number", "date", "datetime", "enumeration", "bool", "phone_number", "json", "object_coordinates"),
)
TYPES: Final[Mapping[str, Mapping[str, tuple[str, str | None]]]] = {
    "columns": {
        **{plain_word(name): (name, None) for name in _DATAVERSE},
        "singlelineoftext": ("String", None),
        "text": ("String", None),
        "plaintext": ("String", None),
        "email": ("String", "Email"),
        "phone": ("String", "Phone"),
        "phonenumber": ("String", "Phone"),
        "url": ("String", "Url"),
        "multiplelinesoftext": ("Memo", None),
        "textarea": ("Memo", None),
        "wholenumber": ("Integer", None),
        "decimalnumber": ("Decimal", None),
        "float": ("Double", None),
        "floatingpointnumber": ("Double", None),
        "currency": ("Money", None),
        "choice": ("Picklist", None),
        "optionset": ("Picklist", None),
        "choices": ("MultiSelectPicklist", None),
        "multiselectoptionset": ("MultiSelectPicklist", None),
        "yesno": ("Boolean", None),
        "twooptions": ("Boolean", None),
        "dateandtime": ("DateTime", None),
        "dateonly": ("DateTime", "DateOnly"),
    },
    "properties": {
        **{plain_word(name): (name, None) for name in _HUBSPOT},
        "boolean": ("bool", "booleancheckbox"),
        "singlelinetext": ("string", "text"),
        "multilinetext": ("string", "textarea"),
        "richtext": ("string", "html"),
        "file": ("string", "file"),
        "phonenumber": ("phone_number", "phonenumber"),
        "dropdownselect": ("enumeration", "select"),
        "radioselect": ("enumeration", "radio"),
        "multiplecheckboxes": ("enumeration", "checkbox"),
        "singlecheckbox": ("bool", "booleancheckbox"),
        "hubspotuser": ("enumeration", "select"),
        "datepicker": ("date", "date"),
        "dateandtimepicker": ("datetime", "date"),
        "calculation": ("number", "calculation_equation"),
        "rollup": ("number", "calculation_rollup"),
        "score": ("number", "calculation_score"),
    },
}
"""By the table of metadata: a word for a type, the type, and its shape (HubSpot's field type, Dataverse's format)."""
