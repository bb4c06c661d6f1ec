"""A folder with settings, files and a forecast whose people and secrets are texts that stand nowhere else.

Facts
    * It is the demo world, or what is planted in it: so each outcome is there. Every text of a contact, lead, owner or
      user begins with `PERSON`, in upper or lower case; ids, choices, numbers, dates and what is said of companies stay
      as they are.
    * Settings ask for a person by name, and the environment beside them holds secrets, all with `SECRET` in them.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from dynsync_lib import kit

PERSON: Final = "qzx"
SECRET: Final = "wvkj5"
SAMPLE: Final = Path(__file__).parents[2] / "sample_data"
TAKEN_AT: Final = datetime(2026, 11, 23, tzinfo=UTC)
_OF_PEOPLE: Final[Mapping[str, str]] = {
    "hubspot/contacts": "address city email fax firstname hs_additional_emails internal_note jobtitle lastname "
    "linkedin_url mobilephone phone salutation state twitterhandle website zip",
    "hubspot/owners": "email firstName lastName",
    "dynamics/contacts": "address1_city address1_line1 address1_postalcode address1_stateorprovince department "
    "description emailaddress1 emailaddress2 emailaddress3 employeeid fax firstname fullname governmentid jobtitle "
    "lastname managername middlename mobilephone nickname pager salutation suffix telephone1 telephone2 telephone3 "
    "websiteurl",
    "dynamics/leads": "emailaddress1 firstname fullname jobtitle lastname mobilephone subject telephone1",
    "dynamics/users": "domainname fullname internalemailaddress",
}
_SECRETS: Final = {
    "HUBSPOT_TOKEN": f"pat-eu1-{SECRET}-0001",
    "DYNAMICS_CLIENT_ID": f"client-{SECRET}-0002",
    "DYNAMICS_CLIENT_SECRET": f"a~{SECRET}&0003#",
    "DYNAMICS_CERTIFICATE_PASSWORD": f"{SECRET} pass word",
}
_SETTINGS: Final = f"""
[hubspot]
marketing_contacts = 1850
marketing_tier = 2000
[dynamics]
url = "https://acme.crm4.dynamics.com"
[sync.contact]
filter_to_hubspot = "statecode = 0 and not lastname in ('{PERSON} Adams', '{PERSON} Baker')"
filter_to_dynamics = "email is known or firstname contains '{PERSON} Carol'"
[[sync.contact.mapping]]
hubspot = "twitterhandle"
dynamics = "nickname"
[sync.company]
[sync.deal]
[sync.invoice]
"""
_LEADS: Final = f"""
[sync.lead]
filter_to_hubspot = "emailaddress1 != '{PERSON}.dora@example.com'"
"""


@dataclass(frozen=True)
class PlantedFolder:
    """Where it is, and a key of one of its people: an e-mail address in which `PERSON` stands."""

    root: Path
    person: str


def plant(root: Path, sample: Path = SAMPLE) -> PlantedFolder:
    """Writes below the root files, settings, secrets, a snapshot `s`, its forecasts `f` (contacts) and `l` (leads).

    `sample` is the folder of the world. `t` is the same snapshot, taken a day later.
    """
    for source in sorted(sample.glob("*/*")):
        target = root / "world" / source.parent.name / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        columns = _OF_PEOPLE.get(f"{source.parent.name}/{source.stem}", "").split()
        target.write_text(_planted(source, columns), encoding="utf-8")
    (root / "dynsync.toml").write_text(_SETTINGS, encoding="utf-8")
    (root / "leads.toml").write_text(_SETTINGS.replace("[sync.contact]", "[sync.contact]", 1) + _LEADS, "utf-8")
    (root / ".env").write_text("".join(f"{name}='{text}'\n" for name, text in _SECRETS.items()), encoding="utf-8")
    snapshot = kit.load(root / "world/hubspot", root / "world/dynamics", root / "s", taken_at=TAKEN_AT)
    kit.forecast(snapshot, root / "dynsync.toml", root / "f")
    kit.forecast(snapshot, root / "leads.toml", root / "l")
    shutil.copytree(snapshot.path, root / "t")
    manifest = {**snapshot.manifest, "finished_at": (TAKEN_AT + timedelta(days=1)).isoformat()}
    (root / "t" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    rows = kit.open_forecast(root / "f").rows("collisions", where={"object": "contact"})
    return PlantedFolder(root, next(row["match_key"] for row in rows if row["match_key"].startswith(f"{PERSON}.")))


_OF_NO_RECORDS: Final = ("properties", "columns", "owners", "users")


def take_few_contacts(root: Path) -> Path:
    """A snapshot of twelve contacts on each side and no other record; the fields and people are those of the world."""
    for source in sorted((root / "world").glob("*/*.csv")):
        target = root / "few" / source.parent.name / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        rows = list(csv.reader(source.read_text(encoding="utf-8").splitlines(keepends=True)))
        kept = rows if source.stem in _OF_NO_RECORDS else rows[:13] if source.stem == "contacts" else rows[:1]
        with target.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows(kept)
    kit.load(root / "few/hubspot", root / "few/dynamics", root / "few/s", taken_at=TAKEN_AT)
    return root / "few/s"


def _planted(source: Path, columns: list[str]) -> str:
    text = source.read_text(encoding="utf-8")
    if not columns:
        return text
    rows = list(csv.reader(text.splitlines(keepends=True)))
    places = [number for number, name in enumerate(rows[0]) if name in columns]
    for row in rows[1:]:
        for place in places:
            row[place] = ";".join(map(_marked, row[place].split(";")))
    return "".join(",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) + "\n" for row in rows)


def _marked(text: str) -> str:
    """A text with the mark before its first visible character; an empty one stays empty."""
    mark = f"{PERSON}." if "@" in text else f"{PERSON} "
    return re.sub(r"^([\s\u200b\ufeff]*)(?=[^\s\u200b\ufeff])", lambda blank: blank[1] + mark, text, count=1)


def break_files(root: Path) -> None:
    """Writes files in which people stand where something else belongs, as after a shifted column."""
    for name, text in _BROKEN.items():
        file = root / "broken" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("$", PERSON), encoding="utf-8")


_ADDRESS: Final = "$.eve@example.com"
_BROKEN: Final[Mapping[str, str]] = {
    "ids/hubspot/contacts.csv": f"hs_object_id,email,createdate\n{_ADDRESS},1,2\n{_ADDRESS},1,2\n",
    "twice/dynamics/contacts.csv": f"contactid,emailaddress1\n{_ADDRESS},x\n{_ADDRESS},y\n",
    "dates/hubspot/contacts.csv": f"hs_object_id,email,createdate,lastmodifieddate\n1,a@example.com,{_ADDRESS},$ Eve\n",
    "flags/hubspot/links.csv": f"contact_id,company_id,is_primary\n1,2,{_ADDRESS}\n",
    "ends/hubspot/links.csv": f"contact_id,company_id,is_primary\n{_ADDRESS},,true\n",
    "objects/hubspot/links.csv": "from_object,from_id,to_object,to_id\n$ Eve,1,company,2\n",
    "owners/dynamics/contacts.csv": f"contactid,_ownerid_value,_ownerid_type\n1,{_ADDRESS},$ Eve\n",
    "cells/hubspot/contacts.csv": f"hs_object_id,email\n1,{_ADDRESS},$ Eve\n2\n",
    "quotes/hubspot/contacts.csv": f'hs_object_id,email\n1,"{_ADDRESS}\n2,$ Eve\n',
    "zero/hubspot/contacts.csv": f"hs_object_id,email,lastname\n1,{_ADDRESS},$\0Eve\n",
    "heading/hubspot/contacts.csv": f"{_ADDRESS},$ Eve\n1,2\n",
    "fields/hubspot/properties.csv": f"object,name,type,options\ncontact,{_ADDRESS},$ Eve,{_ADDRESS}\n$ Eve,x,y,z\n",
    "numbers/dynamics/columns.csv": f"object,name,type,length\ncontact,jobtitle,String,{_ADDRESS}\n",
    "account/hubspot/account.json": json.dumps({"timeZone": "$ Eve", "portalId": "$.eve@example.com"}),
}
