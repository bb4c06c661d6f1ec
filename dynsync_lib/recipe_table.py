"""Recipes for lookups as a table: what stands in each lookup column, and what text column to put in its place.

Where it is used: `kit.lookup_recipes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.core.lookups import LookupRecipe

if TYPE_CHECKING:
    import pandas as pd

_COUNTS: Final = ("records", "filled", "labelled", "distinct", "longest", "most_shared", "text_length")
_COLUMNS: Final = (*(one.name for one in fields(LookupRecipe)), "fill_rate", "staleness", "recipe")


def recipe_table(recipes: Iterable[LookupRecipe]) -> pd.DataFrame:
    """One row per recipe: the fields of `LookupRecipe`, then fill_rate, staleness, recipe (in sentences)."""
    import pandas as pd

    table = pd.DataFrame([_row(recipe) for recipe in recipes], columns=list(_COLUMNS))
    return table.astype(dict.fromkeys(_COUNTS, "Int64"))


def _row(recipe: LookupRecipe) -> dict[str, Any]:
    told = {one.name: getattr(recipe, one.name) for one in fields(LookupRecipe)}
    told |= {"object": recipe.object.value, "targets": ";".join(recipe.targets)}
    return told | {"fill_rate": recipe.fill_rate, "staleness": recipe.staleness, "recipe": recipe.text}
