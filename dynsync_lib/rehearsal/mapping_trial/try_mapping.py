"""The whole trial of a mapping: fields of the test portals, trials, what came of them.

Where it is used: `kit.trials`.
"""

from __future__ import annotations

from collections.abc import Iterable

from dynsync_lib.core.fields.catalogue import Catalogue, build_catalogue
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import stored_object
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.errors import AccessError
from dynsync_lib.portals.rows import MetadataRow
from dynsync_lib.rehearsal.mapping_trial.results import MappingTrial, tell_results
from dynsync_lib.rehearsal.mapping_trial.trials import list_trials
from dynsync_lib.rehearsal.mapping_trial.tried_values import MARK, try_values
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals


async def try_mapping(portals: TestPortals, settings: Settings, rulebook: Rulebook) -> MappingTrial:
    """Every mapped field's edge values in the test portals, beside what the forecast says. Raises PortalError."""
    catalogue = await read_fields(portals, [name for name, sync in settings.sync.items() if sync.enabled])
    account = await portals.hubspot.reader.read_account()
    with PolarsEngine() as engine:
        trials, not_tried = list_trials(
            engine, settings, catalogue, rulebook, time_zone=account.get("timeZone"), mark=MARK
        )
    outcome = await try_values(portals, trials, settings)
    return tell_results(trials, outcome, not_tried)


async def read_fields(portals: TestPortals, objects: Iterable[Object]) -> Catalogue:
    """The fields of some objects in both test portals; of a table that the caller may not read there are none."""
    properties: list[MetadataRow] = []
    columns: list[MetadataRow] = []
    for object_ in objects:
        try:
            properties += await portals.hubspot.reader.read_properties(stored_object(object_, System.HUBSPOT))
        except AccessError:
            continue
    for object_ in objects:
        try:
            columns += (await portals.dynamics.writer.columns(object_)).values()
        except AccessError:
            continue
    return build_catalogue(properties, columns)
