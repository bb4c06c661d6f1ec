"""The routes of the HubSpot API: method, path, the function that answers, and how complete it is.

Not modelled
    * Imports, other object types than contacts, companies, deals and invoices, pipelines, webhooks: refused
      with 501.

Where it is used: `emulator.hubspot.api`; docs/emulator.md is made from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from dynsync_lib.emulator.calls import Call, Reply
from dynsync_lib.emulator.hubspot.account import (
    account_details,
    daily_usage,
    get_owner,
    list_owners,
    list_schemas,
    record_limits,
    token_info,
)
from dynsync_lib.emulator.hubspot.association_configurations import (
    create_limits,
    list_all_limits,
    list_limits,
    purge_limits,
    update_limits,
)
from dynsync_lib.emulator.hubspot.association_types import Pair
from dynsync_lib.emulator.hubspot.association_writes import (
    archive_associations,
    archive_labels,
    create_associations,
    create_default_associations,
    create_label,
    delete_association,
    put_association,
    put_default_association,
)
from dynsync_lib.emulator.hubspot.associations import get_associations, get_labels, read_association_batch
from dynsync_lib.emulator.hubspot.batches import archive_batch, create_batch, update_batch, upsert_batch
from dynsync_lib.emulator.hubspot.exports import export_details, export_status, start_export
from dynsync_lib.emulator.hubspot.names import KINDS, Kind
from dynsync_lib.emulator.hubspot.portal import Portal
from dynsync_lib.emulator.hubspot.properties import archive_property, create_property, get_property, list_properties
from dynsync_lib.emulator.hubspot.record_writes import (
    RecordWriter,
    archive_record,
    create_record,
    merge_records,
    patch_record,
)
from dynsync_lib.emulator.hubspot.records import find_kind, get_record, list_records, read_batch, refuse_archived_pages
from dynsync_lib.emulator.hubspot.search import search_records
from dynsync_lib.emulator.routing import Route
from dynsync_lib.emulator.store.records import Store

Answer = Callable[[Portal, Call], Reply]


def _reading(answer: Callable[[Store, Call], Reply]) -> Answer:
    def answer_reading(portal: Portal, call: Call) -> Reply:
        portal.readable(call)
        return answer(portal.store, call)

    return answer_reading


def _writing(answer: Callable[[RecordWriter], Reply]) -> Answer:
    def answer_writing(portal: Portal, call: Call) -> Reply:
        return answer(RecordWriter(portal.store, call, portal.writable(call), portal.portal_id))

    return answer_writing


def _schema(answer: Callable[[Store, Call, Kind], Reply], what: str) -> Answer:
    def answer_schema(portal: Portal, call: Call) -> Reply:
        kind = find_kind(call, call.names["type"])
        more = (kind.scope, kind.write_scope) if what == "read" else ()
        portal.need(call, f"crm.schemas.{kind.plural}.{what}", *more)
        return answer(portal.store, call, kind)

    return answer_schema


def _pair(answer: Callable[[Store, Call, Pair], Reply], *, writes: bool, from_: str = "from") -> Answer:
    def answer_pair(portal: Portal, call: Call) -> Reply:
        find = portal.writable if writes else portal.readable
        return answer(portal.store, call, (find(call, from_), find(call, "to")))

    return answer_pair


def _every(answer: Callable[[Store, Call], Reply]) -> Answer:
    """What answers a reader of any object type."""

    def answer_every(portal: Portal, call: Call) -> Reply:
        portal.need(call, *(kind.scope for kind in KINDS))
        return answer(portal.store, call)

    return answer_every


def _owners(answer: Answer) -> Answer:
    def answer_owners(portal: Portal, call: Call) -> Reply:
        portal.need(call, "crm.objects.owners.read")
        return answer(portal, call)

    return answer_owners


def _list(portal: Portal, call: Call) -> Reply:
    refuse_archived_pages(call, call.names["type"])
    portal.readable(call)
    return list_records(portal.store, call)


def _search(portal: Portal, call: Call) -> Reply:
    kind = portal.readable(call)
    return search_records(portal.store, call, kind, lag_s=portal.conditions.limits.hubspot_index_lag_s)


_V3: Final = r"/crm/v3/objects/(?P<type>[^/]+)"
_ONE: Final = _V3 + r"/(?P<id>[^/]+)"
_V4: Final = r"/crm/v4/associations/(?P<from>[^/]+)/(?P<to>[^/]+)"
_LIMITS: Final = r"/crm/v4/associations/definitions/configurations"
_PAIR: Final = r"/(?P<from>[^/]+)/(?P<to>[^/]+)"
_V4_OF: Final = r"/crm/v4/objects/(?P<type>[^/]+)/(?P<id>[^/]+)/associations"
_V4_PAIR: Final = r"/(?P<to>[^/]+)/(?P<to_id>[^/]+)"
_PROPERTIES: Final = r"/crm/v3/properties/(?P<type>[^/]+)"
_PROPERTY: Final = _PROPERTIES + r"/(?P<name>(?!(?:groups|batch)$)[^/]+)"
_EXPORTS: Final = r"/crm/v3/exports/export"
_ARCHIVED: Final = "gone with its values; not HubSpot's own"
_TRACED: Final = "100 inputs; with a trace id on every input 207 and the good ones done, else all or none"
ROUTES: Final = tuple(
    Route(method, re.compile(path), answer, note)
    for method, path, answer, note in (
        ("GET", r"/account-info/v3/details", account_details, "the type can be chosen by the control plane"),
        ("GET", r"/account-info/v3/api-usage/daily/private-apps", daily_usage, "exact and of this moment"),
        (
            "POST",
            r"/oauth/v2/private-apps/get/access-token-info",
            token_info,
            "the scopes in force; other ids invented",
        ),
        ("GET", r"/crm/v3/limits/records", record_limits, "the limit is that of large portals"),
        ("GET", r"/crm-object-schemas/v3/schemas", list_schemas, "worlds have no custom objects"),
        ("GET", _V3, _list, "100 a page by ascending id, 50 with history; associations all at once"),
        ("POST", _V3, _writing(create_record), "validation, 409 with the id that is there; companies are not unique"),
        (
            "POST",
            _V3 + r"/batch/read",
            _reading(read_batch),
            "100 inputs, by id or unique property; 207 for missing ones",
        ),
        ("POST", _V3 + r"/batch/create", _writing(create_batch), _TRACED),
        ("POST", _V3 + r"/batch/update", _writing(update_batch), _TRACED),
        ("POST", _V3 + r"/batch/upsert", _writing(upsert_batch), f"by a unique property; {_TRACED}"),
        ("POST", _V3 + r"/batch/archive", _writing(archive_batch), "100 inputs"),
        ("POST", _V3 + r"/search", _search, "all operators, caps, index lag; NEQ and NOT_IN find empty values, too"),
        ("POST", _V3 + r"/merge", _writing(merge_records), "the survivor keeps its values and takes what it lacks"),
        ("GET", _ONE, _reading(get_record), "by id or unique property; a merged id leads to its survivor"),
        ("PATCH", _ONE, _writing(patch_record), "validation; a lifecycle stage does not go back"),
        ("DELETE", _ONE, _writing(archive_record), "archives"),
        ("POST", _V4 + r"/batch/read", _pair(read_association_batch, writes=False), "1,000 inputs, 500 targets a page"),
        ("POST", _V4 + r"/batch/create", _pair(create_associations, writes=True), "2,000 pairs"),
        (
            "POST",
            _V4 + r"/batch/associate/default",
            _pair(create_default_associations, writes=True),
            "2,000 pairs, the plain type",
        ),
        ("POST", _V4 + r"/batch/archive", _pair(archive_associations, writes=True), "100 records"),
        ("POST", _V4 + r"/batch/labels/archive", _pair(archive_labels, writes=True), "100 pairs"),
        ("GET", _V4 + r"/labels", _pair(get_labels, writes=False), "type ids of invoices are invented: ask for them"),
        ("POST", _V4 + r"/labels", _pair(create_label, writes=True), "with one text, or one for each direction"),
        ("GET", _LIMITS + r"/all", _every(list_all_limits), "of all pairs"),
        ("GET", _LIMITS + _PAIR, _pair(list_limits, writes=False), "those that were made here"),
        ("POST", _LIMITS + _PAIR + r"/batch/create", _pair(create_limits, writes=True), "by pair and label"),
        ("POST", _LIMITS + _PAIR + r"/batch/update", _pair(update_limits, writes=True), "by pair and label"),
        ("POST", _LIMITS + _PAIR + r"/batch/purge", _pair(purge_limits, writes=True), "by pair and label"),
        ("GET", _V4_OF + r"/(?P<to>[^/]+)", _pair(get_associations, writes=False, from_="type"), "500 a page"),
        (
            "PUT",
            _V4_OF + r"/default" + _V4_PAIR,
            _pair(put_default_association, writes=True, from_="type"),
            "the first company becomes the primary one",
        ),
        ("PUT", _V4_OF + _V4_PAIR, _pair(put_association, writes=True, from_="type"), "with the types of the body"),
        ("DELETE", _V4_OF + _V4_PAIR, _pair(delete_association, writes=True, from_="type"), "all types of the pair"),
        ("GET", _PROPERTIES, _schema(list_properties, "read"), "all at once; worlds have no archived ones"),
        ("POST", _PROPERTIES, _schema(create_property, "write"), "usable at once"),
        ("GET", _PROPERTY, _schema(get_property, "read"), "one of them"),
        (
            "DELETE",
            _PROPERTY,
            _schema(archive_property, "write"),
            _ARCHIVED,
        ),
        ("POST", _EXPORTS + r"/async", start_export, "views as CSV, without filters; fetched without a token"),
        ("GET", _EXPORTS + r"/async/tasks/(?P<id>[^/]+)/status", export_status, "complete at once"),
        ("GET", _EXPORTS + r"/(?P<id>[^/]+)", export_details, "done at once"),
        (
            "GET",
            r"/crm/v3/owners",
            _owners(list_owners),
            "active or archived, of one address; no teams, users invented",
        ),
        ("GET", r"/crm/v3/owners/(?P<id>[^/]+)", _owners(get_owner), "by its id or its user's"),
    )
)
