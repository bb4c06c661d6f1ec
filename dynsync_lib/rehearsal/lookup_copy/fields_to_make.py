"""The two fields of a recipe as the portals' APIs make them, and the mapping between them.

Where it is used: `rehearsal.lookup_copy.apply_recipe`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from dynsync_lib.core.advice.lookup_recipes import LookupRecipe
from dynsync_lib.core.model import Direction
from dynsync_lib.core.settings import FieldMapping, Settings

_METADATA: Final = "Microsoft.Dynamics.CRM"
_ENGLISH: Final = 1033
_LONGEST_LABEL: Final = 50
"""Characters of a column's display name, which Dynamics limits."""


def text_column(recipe: LookupRecipe) -> dict[str, Any]:
    """The definition of the text column, for the Attributes of its table."""
    label = {"@odata.type": f"{_METADATA}.LocalizedLabel", "Label": _label(recipe), "LanguageCode": _ENGLISH}
    return {
        "@odata.type": f"{_METADATA}.StringAttributeMetadata",
        "AttributeType": "String",
        "AttributeTypeName": {"Value": "StringType"},
        "SchemaName": recipe.text_column,
        "DisplayName": {"@odata.type": f"{_METADATA}.Label", "LocalizedLabels": [label]},
        "RequiredLevel": {"Value": "None", "CanBeChanged": True},
        "MaxLength": recipe.text_length,
        "FormatName": {"Value": "Text"},
    }


def text_property(recipe: LookupRecipe, group: str) -> dict[str, Any]:
    """The definition of the HubSpot property; `group` is a group of properties that is there."""
    return {
        "name": recipe.hubspot_property,
        "label": _label(recipe),
        "description": f"The label of {recipe.column} in Dynamics, which cannot sync itself.",
        "type": "string",
        "fieldType": "text",
        "groupName": group,
        "formField": False,
    }


def source_column(recipe: LookupRecipe) -> str:
    """The text column to map: one that holds the labels already, else the new one."""
    return recipe.same_values_in or recipe.text_column


def with_copy(settings: Settings, recipe: LookupRecipe) -> Settings:
    """The settings with the text column mapped into HubSpot, in place of the lookup."""
    sync = settings.sync[recipe.object]
    copy = FieldMapping(recipe.hubspot_property, source_column(recipe), Direction.TO_HUBSPOT)
    taken = (recipe.column, copy.dynamics)
    kept = tuple(
        mapping for mapping in sync.mappings if mapping.dynamics not in taken and mapping.hubspot != copy.hubspot
    )
    return replace(settings, sync={**settings.sync, recipe.object: replace(sync, mappings=(*kept, copy))})


def with_lookup(settings: Settings, recipe: LookupRecipe) -> Settings:
    """The settings with the lookup mapped into HubSpot, where they do not map it already."""
    if recipe.is_mapped:
        return settings
    sync = settings.sync[recipe.object]
    lookup = FieldMapping(recipe.hubspot_property, recipe.column, Direction.TO_HUBSPOT)
    return replace(settings, sync={**settings.sync, recipe.object: replace(sync, mappings=(*sync.mappings, lookup))})


def mapping_lines(recipe: LookupRecipe) -> str:
    """The mapping for dynsync.toml."""
    return (
        f"[[sync.{recipe.object}.mapping]]\n"
        f'hubspot = "{recipe.hubspot_property}"\n'
        f'dynamics = "{source_column(recipe)}"\n'
        f'direction = "to_hubspot"\n'
    )


def _label(recipe: LookupRecipe) -> str:
    return f"{recipe.label} (text)"[:_LONGEST_LABEL]
