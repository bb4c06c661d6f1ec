"""Marketing contacts after the first sync: those created as such, and those a later workflow would make so.

Facts
    * Only contacts that the sync creates take the app's marketing switch; matched ones stay what they are (7.1, 7.2).
    * The enrolment criterion is asked of every HubSpot contact as it stands after the sync: its values, with what the
      sync writes into them; of a contact that is created, the values that its mappings carry, the default lifecycle
      stage, and what HubSpot sets: created when the snapshot was taken, no marketing contact.
    * Where the portal did not deliver who is a marketing contact, the criterion is asked of created ones alone.

Not modelled
    * Prices, and the size of the steps in which a tier grows (7.8): the user's own.
    * When a workflow runs, and what else it does (7.4); other fields that HubSpot sets by itself.

Source: rules marketing.creates-count, marketing.enrolment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import landing_in_hubspot, number_with, with_outcome
from dynsync_lib.core.counting import Question, Tables, answers, known, records_where, total
from dynsync_lib.core.filters.expressions import FilteredTable, filter_expression
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import PERSONS, Object, System
from dynsync_lib.core.situation import Situation, stack
from dynsync_lib.core.typed_values import no_text
from dynsync_lib.core.writing.field_values import column_of, columns_of, new_value, with_trimmed
from dynsync_lib.core.writing.lifecycle_stage import STAGE

_IS_MARKETING: Final = "hs_marketable_status"
_CREATED_AT: Final = ("createdate", "hs_createdate")
_SYSTEM, _OBJECT = "record's system", "record's object"
"""Columns that say whose id a row has; no property is named so."""


@dataclass(frozen=True, slots=True)
class MarketingOutlook:
    """Contacts in HubSpot, counted. None means that it cannot be known.

    `created`: those the sync creates. `created_as_marketing`: those of them that count to the tier at once; None when
    any is created, and nobody said whether they are marketing contacts. `enrolled`: those, new and old, that meet the
    criterion and are not marketing contacts yet; 0 without a criterion. `asks_existing`: whether the old ones are among
    them; false when the portal did not deliver who is a marketing contact. `today` and `tier` are the user's own
    figures.
    """

    created: int
    created_as_marketing: int | None
    enrolled: int
    asks_existing: bool
    today: int | None
    tier: int | None

    @property
    def afterwards(self) -> int | None:
        """Marketing contacts once sync and workflow are through."""
        return None if self.today is None or self.created_as_marketing is None else self.today + self.added

    @property
    def added(self) -> int:
        """Marketing contacts that sync and workflow add, as far as they can be counted."""
        return (self.created_as_marketing or 0) + self.enrolled

    @property
    def beyond_tier(self) -> int:
        """Marketing contacts that are too many for the tier already today; 0 when none, or when nobody said."""
        return max((self.today or 0) - self.tier, 0) if self.tier is not None else 0

    @property
    def at_most(self) -> int | None:
        """Marketing contacts if every contact that the sync creates became one, at once or later."""
        return None if self.today is None else self.today + max(self.created, self.added)

    @property
    def crosses_tier(self) -> bool | None:
        """Whether the tier that is paid for no longer suffices, as far as can be counted.

        None as well when that hangs on whether those created are marketing contacts, and nobody said.
        """
        if self.today is None:
            return None
        fewest = self.today + self.added
        most = fewest + (self.created if self.created_as_marketing is None else 0)
        is_beyond = self.is_beyond_tier(fewest)
        return is_beyond if is_beyond == self.is_beyond_tier(most) else None

    def is_beyond_tier(self, contacts: int | None) -> bool | None:
        """Whether so many marketing contacts are too many for the tier; None when nobody said one of both."""
        return None if contacts is None or self.tier is None else contacts > self.tier


def foresee_marketing(situation: Situation, tables: Tables) -> MarketingOutlook:
    """The outlook. `tables` are the forecast's outcomes and changes."""
    hubspot = situation.settings.hubspot
    criterion = hubspot.marketing_criterion
    asked = {"created": count_created(situation, tables), "enrolled": count_enrolled(situation, tables)}
    counts = answers(tables, asked)
    return MarketingOutlook(
        created=counts["created"],
        created_as_marketing=_as_marketing(counts["created"], is_on=hubspot.sync_as_marketing),
        enrolled=counts["enrolled"],
        asks_existing=_knows_status(situation) or criterion is None,
        today=hubspot.marketing_contacts,
        tier=hubspot.marketing_tier,
    )


def _as_marketing(created: int, *, is_on: bool | None) -> int | None:
    """How many of those created are marketing contacts; None when there are any, and nobody said."""
    if is_on is None and created:
        return None
    return created if is_on else 0


def count_created(situation: Situation, tables: Tables) -> Question[int]:
    """Contacts that the sync creates in HubSpot."""
    del situation, tables
    return total(number_with(person, System.DYNAMICS, outcome="create") for person in PERSONS)


def count_added(situation: Situation, tables: Tables) -> Question[int]:
    """Marketing contacts that sync and workflow add, as `MarketingOutlook.added`."""
    created = [count_created(situation, tables)] if situation.settings.hubspot.sync_as_marketing else []
    return total([*created, count_enrolled(situation, tables)])


def count_enrolled(situation: Situation, tables: Tables) -> Question[int]:
    """Contacts that meet the criterion and are no marketing contacts yet, of those whose status is known.

    Each is listed as HubSpot's contact, and who is created as the Dynamics record that it is made of.
    """
    criterion = situation.settings.hubspot.marketing_criterion
    if criterion is None:
        return known(0)
    fields = list(dict.fromkeys([*criterion.fields, _IS_MARKETING]))
    people = [_existing(situation, tables["changes"], fields)] if _knows_status(situation) else []
    if not situation.settings.hubspot.sync_as_marketing:
        people += [_newcomers(Job(situation, person), tables, fields=fields) for person in PERSONS]
    if not people:
        return known(0)
    contacts = FilteredTable(System.HUBSPOT, Object.CONTACT, situation.catalogue, situation.rulebook, fields)
    meets = filter_expression(criterion, contacts, situation.taken_at)
    is_marketing = (typed_values.truth(typed_values.trimmed(nw.col(_IS_MARKETING))) == "true").fill_null(value=False)
    cells = {"system": nw.col(_SYSTEM), "object": nw.col(_OBJECT), "record_id": nw.col("id")}
    return records_where(stack(people), meets & ~is_marketing, **cells)


def _knows_status(situation: Situation) -> bool:
    """Whether the portal delivered who is a marketing contact."""
    return _IS_MARKETING in situation.columns(Object.CONTACT, System.HUBSPOT)


def _existing(situation: Situation, changes: Frame, fields: Sequence[str]) -> Frame:
    """id and the asked fields of every HubSpot contact, with what the sync writes into them."""
    delivered = situation.columns(Object.CONTACT, System.HUBSPOT)
    asked = {name: nw.col(name) if name in delivered else no_text() for name in fields}
    contacts = situation.tables["hubspot/contacts"].select("id", **asked)
    written = landing_in_hubspot(changes, *PERSONS).filter(nw.col("target_field").is_in(list(fields)))
    latest = {f"new {name}": nw.when(nw.col("target_field") == name).then(nw.col("new_value")).max() for name in fields}
    by_contact = written.rename({"hubspot_id": "id"}).group_by("id").agg(**latest)
    after = {name: nw.coalesce(nw.col(f"new {name}"), nw.col(name)) for name in fields}
    return _of_side(
        contacts.join(by_contact, on="id", how="left").select("id", **after), System.HUBSPOT, Object.CONTACT
    )


def _of_side(people: Frame, system: System, object_: Object) -> Frame:
    """The frame with whose ids these are."""
    return people.with_columns(**{_SYSTEM: nw.lit(system.value), _OBJECT: nw.lit(object_.value)})


def _newcomers(job: Job, tables: Tables, *, fields: Sequence[str]) -> Frame:
    """id and the asked fields of the contacts that are created out of one Dynamics object."""
    writing = [judged for judged in job.mappings if judged.writes_to(System.HUBSPOT)]
    by_field = {judged.mapping.hubspot: judged for judged in writing}
    carried = [by_field[name] for name in fields if name in by_field]
    columns = columns_of(carried, System.DYNAMICS)
    table = job.records(System.DYNAMICS)
    records = table.select("id", **{column_of(System.DYNAMICS, name): nw.col(name) for name in columns})
    created = records.join(with_outcome(tables, job.object, System.DYNAMICS, "create"), on="id", how="semi")
    by_itself = _set_by_hubspot(job)
    mapped = {judged.mapping.hubspot: new_value(judged, System.HUBSPOT) for judged in carried}
    after = {name: nw.coalesce(mapped.get(name, no_text()), by_itself.get(name, no_text())) for name in fields}
    people = with_trimmed(job.situation, created, carried, [System.DYNAMICS]).select("id", **after)
    return _of_side(people, System.DYNAMICS, job.object)


def _set_by_hubspot(job: Job) -> dict[str, nw.Expr]:
    """What a contact that is created has without any mapping: a default stage, its date, no marketing contact."""
    created = nw.lit(typed_values.moment_text(job.situation.taken_at))
    always = {**dict.fromkeys(_CREATED_AT, created), _IS_MARKETING: nw.lit("false")}
    stage = job.sync.default_lifecycle_stage
    return {**always, STAGE: nw.lit(stage)} if stage else always
