"""The Dataverse tables that hold an environment's own settings: the organisation and its currencies (portal-apis 6.1).

Facts
    * There is one organisation; its language and its base currency are columns of it.
    * A world says them under `Organization` in organization.json; without that: English, and the portal's currency.

Not modelled
    * Other currencies than the base one; most columns of both tables.

Where it is used: `emulator.store.records`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import RecordTable

Row = Mapping[str, str | None]
ORGANIZATIONS: Final = RecordTable(System.DYNAMICS, "dynamics/organizations", None, "organizationid")
CURRENCIES: Final = RecordTable(System.DYNAMICS, "dynamics/currencies", None, "transactioncurrencyid")
_ENGLISH: Final = "1033"
_SINCE: Final = "2020-01-01T00:00:00Z"


def settings_tables(account: Mapping[str, Any], organization: Mapping[str, Any]) -> dict[RecordTable, list[Row]]:
    """The rows of both tables, from the account of HubSpot and the organisation of Dynamics that a world holds."""
    settings = organization.get("Organization") or {}
    code = str(settings.get("isocurrencycode") or account.get("companyCurrency") or "USD")
    detail, times = organization.get("Detail") or {}, {"createdon": _SINCE, "modifiedon": _SINCE}
    currency = {
        "transactioncurrencyid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"dynsync:currency.{code}")),
        "isocurrencycode": code,
        "currencyname": code,
        "currencyprecision": "2",
        "exchangerate": "1.0000000000",
        "statecode": "0",
    }
    own = {
        "organizationid": detail.get("OrganizationId"),
        "name": detail.get("UniqueName"),
        "languagecode": str(settings.get("languagecode") or _ENGLISH),
        "isauditenabled": "false",
        "_basecurrencyid_value": currency["transactioncurrencyid"],
        "_basecurrencyid_type": "transactioncurrency",
    }
    return {CURRENCIES: [{**currency, **times}], ORGANIZATIONS: [{**own, **times}] if own["organizationid"] else []}
