"""The keys by which a new counterpart is found: an address, a name, a domain, a number, or the settings' own field.

Facts
    * Contacts and leads may have keys of different kinds, so a key begins with its kind, which is a field of HubSpot.
    * A key tells of a new record only where something flows into its field in the other system, and then it is that
      which tells. Companies have two, name and domain: what flows of them counts.

Where it is used: `verification.created_records`.
"""

from __future__ import annotations

from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.model import Object, System, flows_into
from dynsync_lib.core.tables import RecordTable
from dynsync_lib.core.typed_values import lowered, no_text, trimmed
from dynsync_lib.snapshot.snapshot import Snapshot
from dynsync_lib.verification.evidence import Evidence

_BETWEEN: Final = "\x1f"
_BY_DOMAIN: Final = {System.HUBSPOT: "domain", System.DYNAMICS: "websiteurl"}
_BY_ADDRESS: Final = {System.HUBSPOT: "email", System.DYNAMICS: "emailaddress1"}
KeyFields = dict[System, str]
"""By system the field that holds a key."""
_KEY_FIELDS: Final[dict[Object, tuple[KeyFields, ...]]] = {
    Object.CONTACT: (_BY_ADDRESS,),
    Object.LEAD: (_BY_ADDRESS,),
    Object.COMPANY: ({System.HUBSPOT: "name", System.DYNAMICS: "name"}, _BY_DOMAIN),
    Object.DEAL: ({System.HUBSPOT: "dealname", System.DYNAMICS: "name"},),
    Object.INVOICE: ({System.HUBSPOT: "hs_number", System.DYNAMICS: "invoicenumber"},),
}
_FINISHED_KEYS: Final = {
    (Object.CONTACT, "email"): "email_key",
    (Object.CONTACT, "emailaddress1"): "email_key",
    (Object.LEAD, "email"): "email_key",
    (Object.LEAD, "emailaddress1"): "email_key",
    (Object.COMPANY, "name"): "name_key",
    (Object.COMPANY, "domain"): "domain_key",
    (Object.COMPANY, "websiteurl"): "domain_key",
}
"""The finished keys of the fields that have one."""


def kind_of_key(evidence: Evidence, object_: Object, target: System) -> str:
    """The kind of an object's keys: the field of HubSpot that holds them, of several the first.

    Where another field than the key's own feeds that of `target`, it belongs to the kind.
    """
    first, *_ = _arriving(evidence, object_, target) or _fields_of(evidence, object_)
    kind = _fields_of(evidence, object_)[0][System.HUBSPOT]
    return f"{kind} from {first[target.other]}" if first not in _fields_of(evidence, object_) else kind


def keyless(kind: str) -> str:
    """The key of records that have none of a kind."""
    return f"{kind}{_BETWEEN}"


def is_keyless() -> nw.Expr:
    """Whether the column `key` is that of a record that has none."""
    return nw.col("key").str.ends_with(_BETWEEN)


def key_arrives(evidence: Evidence, object_: Object, target: System) -> bool:
    """Whether records that the sync of an object makes in a system can have a key."""
    return bool(_arriving(evidence, object_, target))


def is_synced_to(evidence: Evidence, object_: Object, target: System) -> bool:
    """Whether the sync of an object is on and makes records in a system."""
    direction = evidence.info.get("objects", {}).get(object_.value, {}).get("direction")
    return direction in ("two_way", f"to_{target}")


def key_of(evidence: Evidence, object_: Object, table: RecordTable, moment: Snapshot, target: System) -> nw.Expr:
    """The keys of the records of a table under the sync of an object, for counterparts that are new in `target`."""
    columns, own = moment.columns(table.name), _fields_of(evidence, object_)
    values = []
    for fields in _arriving(evidence, object_, target) or own:
        field = fields[table.system]
        finished = _FINISHED_KEYS.get((object_, field)) if fields in own else None
        if finished is not None:
            values.append(nw.col(finished))
        else:
            text = trimmed(nw.col(field)) if field in columns else no_text()
            values.append(text if fields in own else lowered(text))
    kind = keyless(kind_of_key(evidence, object_, target))
    return nw.concat_str([nw.lit(kind), nw.coalesce(*values, nw.lit(""))])


def _arriving(evidence: Evidence, object_: Object, target: System) -> list[KeyFields]:
    """The fields that a mapping carries into an object's key fields in a system."""
    carried = {
        str(row[f"{target}_field"]): {system: str(row[f"{system}_field"]) for system in System}
        for row in evidence.mappings
        if row["object"] == object_.value and flows_into(row["allowed_directions"], target)
    }
    fed = [carried.get(fields[target]) for fields in _fields_of(evidence, object_)]
    return [fields for fields in fed if fields is not None]


def _fields_of(evidence: Evidence, object_: Object) -> tuple[KeyFields, ...]:
    said = evidence.info.get("objects", {}).get(object_.value, {})
    if said.get("match_mode") == "own_field" and said.get("match_hubspot") and said.get("match_dynamics"):
        return ({System.HUBSPOT: said["match_hubspot"], System.DYNAMICS: said["match_dynamics"]},)
    if object_ is Object.COMPANY and _companies_match_by_domain(evidence):
        return (_BY_DOMAIN,)
    return _KEY_FIELDS[object_]


def _companies_match_by_domain(evidence: Evidence) -> bool:
    has_defaults = evidence.info.get("objects", {}).get("company", {}).get("default_mappings", True)
    return bool(has_defaults) and evidence.info.get("assumptions", {}).get("company_keys") == "domain"
