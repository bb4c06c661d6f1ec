"""The profile of a forecast's snapshot: every field of both sides, and how far mapped fields agree.

Facts
    * Only objects that are switched on are profiled, each side once: HubSpot's contacts not again as
      leads.
    * Pairs are those of the forecast, with the ones that will fail.
    * At the level `counts` numbers of people are rounded to fives (`core.masking.round_to_fives`); a value that fewer
      have, and the length of the longest one, which is somebody's, are not told.

Where it is used: `kit.profile_fields`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.masking import PEOPLE, SMALL_COUNT, Masking, round_to_fives
from dynsync_lib.core.model import Object, System, read_word
from dynsync_lib.core.profile.agreement import measure_agreement
from dynsync_lib.core.profile.field_profiles import FieldProfile, profile_fields
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.situation import Situation
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.forecast_snapshot import needed_snapshot, situation_of_forecast
from dynsync_lib.forecasts.opened_forecast import open_forecast_tables
from dynsync_lib.forecasts.table_reader import Row

if TYPE_CHECKING:
    import pandas as pd

_PAIRS: Final = ("pairs", "equal", "different", "only_hubspot", "only_dynamics", "neither")


@dataclass(frozen=True, slots=True)
class FieldProfiles:
    """What the fields of both sides hold.

    `fields`, one row per field of a side: system, object, field, label, type, kind, records, filled, distinct, longest,
    frequent (values as they may be shown, with their records; at most three), is_mapped. Numbers are None where the
    column was not delivered. `agreement`, one row per mapping: object, hubspot_field, dynamics_field, pairs, equal,
    different, only_hubspot, only_dynamics, neither. Numbers are None where the fields were not compared.
    """

    fields: Sequence[Row]
    agreement: Sequence[Row]

    def of(self, object_: str, system: str) -> list[Row]:
        """The fields of one side of an object, by name; none when the object is off. HubSpot's leads are contacts.

        Raises UsageError for what is no object or no system.
        """
        side = read_word(object_, Object, "object"), read_word(system, System, "system")
        return [row for row in self.fields if (row["object"], row["system"]) == side]

    def agreement_of(self, object_: str) -> list[Row]:
        """The mappings of an object, in the order of the settings. Raises UsageError for what is no object."""
        wanted = read_word(object_, Object, "object")
        return [row for row in self.agreement if row["object"] == wanted]

    @property
    def table(self) -> pd.DataFrame:
        """`fields` as a frame."""
        import pandas as pd

        return pd.DataFrame(list(self.fields))


def profile_forecast(
    forecast: Forecast, *, rulebook: Rulebook, snapshot: str | Path | None, masking: Masking
) -> FieldProfiles:
    """The profile of a forecast's snapshot. Parameters, errors and cost: see `kit.profile_fields`."""
    opened = needed_snapshot(forecast, snapshot)
    with open_forecast_tables(forecast) as forecasted:
        situation = situation_of_forecast(
            forecasted.engine, forecast, opened, rulebook, work=forecasted.work / "earlier"
        )
        jobs = [Job(situation, object_) for object_ in Object if situation.sync(object_).enabled]
        fields = [row for job in jobs for row in _fields_of(job, masking)]
        agreement = [
            {"object": job.object.value, **asdict(mapping)}
            for job in jobs
            for mapping in measure_agreement(job, _pairs_of(job, forecasted.tables["outcomes"]))
        ]
    if masking is Masking.COUNTS:
        return FieldProfiles([_counted_field(row) for row in fields], [_counted_pairs(row) for row in agreement])
    return FieldProfiles(fields, agreement)


def _counted_field(row: Row) -> Row:
    """A row of `fields` as it may be told beside others where no record is shown."""
    if row["object"] not in PEOPLE:
        return row
    frequent = tuple(
        (value if count >= SMALL_COUNT else None, round_to_fives(count)) for value, count in row["frequent"]
    )
    return {**row, **_rounded(row, ("records", "filled", "distinct")), "longest": None, "frequent": frequent}


def _counted_pairs(row: Row) -> Row:
    """A row of `agreement` as it may be told beside others where no record is shown."""
    return {**row, **_rounded(row, _PAIRS)} if row["object"] in PEOPLE else row


def _rounded(row: Row, names: Sequence[str]) -> Row:
    return {name: None if row[name] is None else round_to_fives(row[name]) for name in names}


def _fields_of(job: Job, masking: Masking) -> Iterator[Row]:
    """The rows of both sides of an object; HubSpot's side of leads is that of contacts, where these are on."""
    for system in System:
        if (job.object, system) != (Object.LEAD, System.HUBSPOT) or not _syncs_contacts(job.situation):
            mapped = {mapping.name_of(system) for mapping in job.mappings}
            for profile in profile_fields(job, system, masking=masking):
                yield _row(job, system, profile, is_mapped=profile.field.name in mapped)


def _syncs_contacts(situation: Situation) -> bool:
    return situation.sync(Object.CONTACT).enabled


def _row(job: Job, system: System, profile: FieldProfile, *, is_mapped: bool) -> Row:
    counts = {name: getattr(profile, name) for name in ("kind", "records", "filled", "distinct", "longest", "frequent")}
    named = {"field": profile.field.name, "label": profile.field.label, "type": profile.field.type}
    return {"system": system.value, "object": job.object.value, **named, **counts, "is_mapped": is_mapped}


def _pairs_of(job: Job, outcomes: Frame) -> Frame:
    """hubspot_id, dynamics_id of the object's matched records."""
    theirs = (nw.col("system") == System.DYNAMICS.value) & (nw.col("object") == job.object.value)
    matched = outcomes.filter(theirs & ~nw.col("counterpart_id").is_null())
    return matched.select(hubspot_id="counterpart_id", dynamics_id="record_id")
