"""Values that are not what their field holds: named in grey, counted, and part of the traffic light."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib import kit
from tests.kit.small_portals import load_portals

PROPERTIES = (
    "object,name,label,type,field_type\n"
    "contact,renewal,Renewal,date,date\ncontact,points,Points,number,number\ncontact,agreed,Agreed,bool,booleancheckbox\n"
)
COLUMNS = (
    "object,name,label,type,format,behavior\n"
    "contact,new_renewal,Renewal,DateTime,DateOnly,DateOnly\ncontact,new_points,Points,Decimal,,\n"
)
SAID = "values are not what their field holds, and were compared as text: no numbers, no dates, neither yes nor no."
MAPPED = (
    '[sync.contact]\n[[sync.contact.mapping]]\nhubspot = "renewal"\ndynamics = "new_renewal"\n'
    '[[sync.contact.mapping]]\nhubspot = "points"\ndynamics = "new_points"\n'
)


def _forecast(folder: Path, hubspot: str, dynamics: str, settings: str) -> kit.Forecast:
    (folder / "dynsync.toml").write_text(settings, encoding="utf-8")
    files = {
        "h/properties": PROPERTIES,
        "d/columns": COLUMNS,
        "h/contacts": f"hs_object_id,email,renewal,points,agreed\n{hubspot}",
        "d/contacts": f"contactid,emailaddress1,new_renewal,new_points,statecode\n{dynamics}",
    }
    return kit.forecast(load_portals(folder, files), folder / "dynsync.toml", folder / "f")


@pytest.mark.parametrize(
    ("hubspot", "dynamics", "settings", "says"),
    [
        (
            "1,a@c.example,soon,12 pcs,\n2,b@c.example,1653696000,,\n",
            "D1,a@c.example,2022-05-28,x,0\n",
            MAPPED,
            f"4 {SAID} By column: hubspot contact.renewal (2 values), dynamics contact.new_points (1 value), "
            "hubspot contact.points (1 value).",
        ),
        (
            "1,a@c.example,,,perhaps\n",
            "D1,a@c.example,,,asleep\n",
            '[sync.contact]\nfilter_to_dynamics = "agreed = true"\n',
            f"2 {SAID} By column: dynamics contact.statecode (1 value), hubspot contact.agreed (1 value).",
        ),
        ("1,a@c.example,2022-05-28, 7 ,TRUE\n", "D1,a@c.example,2022-05-28T10:00:00Z,-1.5,1\n", MAPPED, None),
        ("1,a@c.example,soon,x,perhaps\n", "D1,a@c.example,soon,x,0\n", "[sync.contact]\n", None),
    ],
)
def test_untyped_values__are_named_in_grey(
    tmp_path: Path, hubspot: str, dynamics: str, settings: str, says: str | None
) -> None:
    forecast = _forecast(tmp_path, hubspot, dynamics, settings)
    said = [(row["severity"], row["sentence"]) for row in forecast.rows("findings", where={"check_id": "G63"})]
    assert said == ([("not_checked", says)] if says else [])
    grey = [ground.sentence for ground in kit.traffic_light(forecast).of_tone("grey")]
    assert (says in grey) is bool(says)
