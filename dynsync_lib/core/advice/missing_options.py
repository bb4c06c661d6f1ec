"""Options of mapped choices that the other side lacks, so that their values stay behind: what to add, and where.

Facts
    * Only values that records hold are listed, on the side from which they travel. A value that is none of its own
      field's options is nothing to add: such values of a field are counted together.
    * What pairs with the value is the label (Q16), so HubSpot's internal value may be the label too; where options pair
      by internal value it is the value that is held. Dynamics gives its numbers itself, unless options pair by them.

Not modelled
    * Whether a field takes further options: some of the vendors' own do not, and no metadata of the snapshot says so.

Source: rules field.option-unpaired, field.option-pairing (5.11, 9.9, 9.16).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dynsync_lib.core.advice.unpaired_options import Unpaired, find_unpaired
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import Column, Table

MISSING_OPTIONS: Final = Table(
    "missing_options",
    "one option that a side lacks, or all values of a field that are none of its options",
    (
        Column("system", "text", "the side that lacks it"),
        Column("object", "text", "whose fields they are"),
        Column("hubspot_field", "text", "internal name of the property"),
        Column("dynamics_field", "text", "logical name of the column"),
        Column("held_value", "text", "internal value on the other side; null: none of its options"),
        Column("option_label", "text", "label of the option to add"),
        Column("option_value", "text", "internal value of the option to add; null: the system gives it"),
        Column("paired_by", "text", "label_ci, value or explicit"),
        Column("count", "integer", "records that hold it"),
    ),
    ("system", "object", "hubspot_field", "dynamics_field", "held_value"),
)
_ALL: Final = 100_000
"""So many values of one field are named; no field has more options."""


def find_missing_options(situation: Situation) -> list[dict[str, Any]]:
    """Rows of `MISSING_OPTIONS`. Computes: one pass over each side of each mapping of choices."""
    return [
        row
        for object_ in Object
        if situation.sync(object_).enabled
        for job in [Job(situation, object_)]
        for judged in job.flowing
        for unpaired in find_unpaired(job, judged, most=_ALL)
        for row in _rows(job, judged, unpaired)
    ]


def _rows(job: Job, judged: JudgedMapping, unpaired: Unpaired) -> Iterator[dict[str, Any]]:
    own, target = judged.fields[unpaired.system], unpaired.system.other
    labels = {option.value: option.label for option in own.options} if own is not None else {}
    pairing = "explicit" if judged.mapping.options else job.situation.settings.assumptions["option_pairing"]
    about = {
        "system": target.value,
        "object": job.object.value,
        "hubspot_field": judged.mapping.hubspot,
        "dynamics_field": judged.mapping.dynamics,
        "paired_by": pairing,
    }
    strangers = unpaired.records
    for value, count in unpaired.values:
        if value in labels:
            strangers -= count
            internal = _value_to_give(target, value, labels[value], pairing)
            yield {
                **about,
                "held_value": value,
                "option_label": labels[value],
                "option_value": internal,
                "count": count,
            }
    if strangers > 0 and judged.kinds[unpaired.system] != "several_choices":
        yield {**about, "held_value": None, "option_label": None, "option_value": None, "count": strangers}


def _value_to_give(target: System, value: str, label: str, pairing: str) -> str | None:
    """The internal value of the option to add; None where the system gives one itself."""
    if pairing == "value":
        return value
    return label if target is System.HUBSPOT else None
