"""Fields that are mostly set once, and that the first sync overwrites: counted by hand on two small portals."""

from __future__ import annotations

from dynsync_lib import kit
from tests.kit.conftest import ForecastOf

FILES = {
    "h/contacts": "hs_object_id,email,leadsource,jobtitle\n1,ann@c.example,Fair,Clerk\n2,bob@c.example,,Head\n"
    "3,cal@c.example,Web,Boss\n",
    "h/properties": "object,name,label,type,field_type\ncontact,email,Email,string,text\n"
    "contact,leadsource,Source,string,text\ncontact,jobtitle,Job,string,text\n",
    "d/contacts": "contactid,emailaddress1,new_origin,jobtitle\nd1,ann@c.example,Web,Cook\nd2,bob@c.example,Web,Head\n"
    "d3,cal@c.example,Web,Chef\n",
    "d/columns": "object,name,label,type\ncontact,emailaddress1,Email,String\ncontact,new_origin,Origin,String\n"
    "contact,jobtitle,Job,String\n",
}
SETTINGS = """
[sync.contact]
default_mappings = false
conflict_winner = "{winner}"
[[sync.contact.mapping]]
hubspot = "leadsource"
dynamics = "new_origin"
[[sync.contact.mapping]]
hubspot = "jobtitle"
dynamics = "jobtitle"
"""


def _finding(forecast: kit.Forecast) -> list[tuple[object, ...]]:
    """What G68 says: severity, count, share, sentence."""
    rows = forecast.rows("findings", where={"check_id": "G68"})
    return [tuple(row[name] for name in ("severity", "count", "share", "sentence")) for row in rows]


def test_set_once__counts_what_is_overwritten_with_its_record(forecast_of: ForecastOf) -> None:
    forecast = forecast_of(FILES, SETTINGS.format(winner="dynamics"))
    assert _finding(forecast) == [
        (
            "medium",
            1,
            0.25,
            "1 value of a field that is mostly set once, such as a source or an owner, is overwritten by the first "
            "sync. By column: hubspot contact.leadsource (1 value).",
        )
    ]
    behind = kit.records_of(forecast, "G68")
    assert behind[["system", "object", "record_id", "counterpart_id", "detail"]].values.tolist() == [
        ["hubspot", "contact", "1", "d1", "overwrite leadsource"]
    ]


def test_set_once__says_nothing_of_fields_under_other_names(forecast_of: ForecastOf) -> None:
    assert _finding(forecast_of(FILES, SETTINGS.format(winner="hubspot"))) == []
