"""The lifecycle stage: it moves forward only, and a sync may give a default one.

Facts
    * The order of stages is the order of the property's options; a value outside them has no place in it (5.16).
    * The default stage fills a blank stage and promotes an earlier one (5.15); a mapping of the stage goes before it.

Not modelled
    * Stages that cascade between companies, contacts and deals (rule company.lifecycle-cascade).

Source: rules field.lifecycle-forward, field.lifecycle-default.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import System

STAGE: Final = "lifecyclestage"
DEFAULT_STAGE: Final = "default_lifecycle_stage"
"""What `changes` names as the source field of a default stage."""


def moves_backward(stages: Field, old: nw.Expr, new: nw.Expr) -> nw.Expr:
    """Whether the new stage comes before the old one; false when one of them is no option."""
    return (_place(stages, new) < _place(stages, old)).fill_null(value=False)


def default_stage_field(job: Job, flowing: Iterable[JudgedMapping]) -> Field | None:
    """HubSpot's stage property when the sync gives a default stage to matched contacts; None when it does not."""
    sync = job.sync
    is_mapped = any(judged.mapping.hubspot == STAGE and judged.writes_to(System.HUBSPOT) for judged in flowing)
    is_given = sync.default_lifecycle_stage and sync.is_source(System.DYNAMICS)
    if not is_given or is_mapped or STAGE not in job.columns(System.HUBSPOT):
        return None
    return job.situation.catalogue.find(System.HUBSPOT, job.object, STAGE)


def is_promoted(stages: Field, old: nw.Expr, default: str) -> nw.Expr:
    """Whether a stage that is there comes before the default one."""
    values = [option.value for option in stages.options]
    earlier = values[: values.index(default)] if default in values else []
    return old.is_in(earlier).fill_null(value=False)


def _place(stages: Field, value: nw.Expr) -> nw.Expr:
    places = [nw.when(value == option.value).then(nw.lit(position)) for position, option in enumerate(stages.options)]
    return nw.coalesce(nw.lit(None, dtype=nw.Int64), *places)
