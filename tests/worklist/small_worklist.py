"""Two small portals with something to do on every sheet of a worklist, and their forecast."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dynsync_lib import kit
from tests.kit.small_portals import load_portals

A1, A2, A3 = (f"a0000000-0000-0000-0000-00000000000{number}" for number in (1, 2, 3))
C1, C2, C3, C4 = (f"c0000000-0000-0000-0000-00000000000{number}" for number in (1, 2, 3, 4))
D1, I1, U1 = (f"{letter}0000000-0000-0000-0000-000000000001" for letter in "def")

FILES = {
    "h/contacts": "hs_object_id,email,firstname,lastname,jobtitle,hs_email_optout"
    "\n1,ada@example.com,Ada,Byron,Boss,true\n",
    "h/companies": "hs_object_id,name,city\n11,Company B GmbH,Bonn\n12,Company C,Rome\n13,Company C,Ulm\n",
    "h/links": "contact_id,company_id,is_primary\n1,11,true\n1,12,false\n",
    "h/deals": "hs_object_id,dealname,dealstage,amount\n21,Deal A,presentation,900\n",
    "d/accounts": f"accountid,name,websiteurl\n{A1},=1+1,\n{A2},Company B AG,\n{A3},Company C,\n",
    "d/contacts": "contactid,emailaddress1,fullname,jobtitle,_parentcustomerid_value,_parentcustomerid_type,"
    f"_ownerid_value,donotbulkemail,lastname\n{C1},ada@example.com,Ada Byron,Chief,{A1},account,{U1},false,Byron"
    f"\n{C2},ada@example.com,Ada B.,Head,,,{U1},false,B.\n{C3},,Bea Chance,,{C1},contact,,false,Chance"
    f"\n{C4},not an address,Cy Dent,,,,,false,Dent\n",
    "d/opportunities": "opportunityid,name,statecode,statuscode,estimatedvalue,_parentcontactid_value,"
    f"_transactioncurrencyid_value\n{D1},Deal B,0,1,1500.50,{C2},eur\n",
    "d/invoices": "invoiceid,invoicenumber,totalamount,_customerid_value,_customerid_type"
    f"\n{I1},INV-1,49.90,{A1},account\n",
    "d/users": f"systemuserid,fullname,internalemailaddress\n{U1},Olive Owner,olive@example.com\n",
}
SETTINGS = """
[dynamics]
url = "https://company-a.crm4.dynamics.com"
[sync.company]
[sync.contact]
[[sync.contact.mapping]]
hubspot = "company"
dynamics = "parentcustomerid"
[sync.deal]
[sync.invoice]
direction = "to_hubspot"
"""


def small_forecast(folder: Path, other: Mapping[str, str] | None = None) -> kit.Forecast:
    """The forecast of the small portals, in `folder`, with their snapshot beside it; `other` files replace theirs."""
    snapshot = load_portals(folder, {**FILES, **(other or {})})
    (folder / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    return kit.forecast(snapshot, folder / "dynsync.toml", folder / "forecast")
