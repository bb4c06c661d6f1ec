"""What can happen to a pull on its way, at every endpoint it asks, and in which sentences it may end."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any

from dynsync_lib.emulator.conditions.switches import Fault
from tests.portals.pull_process import MOMENTS, TRIES, End

HTML = "<html><body>Bad Gateway</body></html>"
NEW_429 = {"status": "error", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING", "message": "limit"}
OLD_429 = {"status": "error", "category": "RATE_LIMITS", "message": "You have reached your secondly limit."}
DAILY = {**NEW_429, "policyName": "DAILY", "message": "You have reached your daily limit."}
SERVICE = {"error": {"code": "0x80072322", "message": "Number of requests exceeded the limit of 6000."}}
BAD_QUERY = {"error": {"code": "0x80060888", "message": "The paging cookie cannot be read."}}
TOO_MANY = {"error": "too_many_requests", "error_description": "Too many requests."}
LOOP = {"error": "invalid_grant", "error_description": "AADSTS50196: A loop.", "error_codes": [50196]}
TRANSIENT = {"error": "invalid_request", "error_description": "AADSTS90033: Transient.", "error_codes": [90033]}

PORTALS: Mapping[str, Sequence[str]] = {
    "HubSpot": (
        *("/account-info/v3/details", "/crm/v3/owners", "/crm/v4/associations/*/batch/read"),
        *(f"/crm/v3/properties/{name}" for name in ("contacts", "companies", "deals", "invoices")),
        *(f"/crm/v3/objects/{name}" for name in ("contacts", "companies", "deals", "invoices")),
        *("/crm/v3/objects/*/search", "/crm/v3/objects/contacts/batch/read"),
    ),
    "Dynamics": (
        *("/api/data/v9.2/WhoAmI", "/api/data/v9.2/RetrieveCurrentOrganization*"),
        *("/api/data/v9.2/organizations", "/api/data/v9.2/RetrieveTotalRecordCount*"),
        *(f"/api/data/v9.2/EntityDefinitions(LogicalName='{name}')*" for name in ("contact", "lead", "systemuser")),
        *(f"/api/data/v9.2/{name}" for name in ("contacts", "accounts", "leads", "opportunities", "systemusers")),
    ),
    "Dynamics at https": ("/api/data/v9.2/",),
    "Microsoft's sign-in": ("*/.well-known/openid-configuration", "*/oauth2/v2.0/token", "*/oauth2/v2.0/devicecode"),
}
"""The endpoints of a pull, by who answers there as sentences call it; `Dynamics at https` says where to sign in."""
OPTIONAL = ("/api/data/v9.2/organizations", "/api/data/v9.2/RetrieveTotalRecordCount*", "/crm/v3/objects/*/search")
"""What a pull does without when it gets no proper answer; so it is only kept waiting there."""
WAITING = frozenset({408, 429, 500, 502, 503, 504})
PAGES = ("/crm/v3/objects/contacts", "/crm/v3/objects/companies", *(PORTALS["Dynamics"][-5:]))


@dataclass(frozen=True, slots=True)
class Answer:
    """One wrong answer: the parts of its `Fault`, and a pattern of the sentence in which it may end the pull.

    It `passes` when it need not: the same request is sent again then.
    """

    parts: Mapping[str, Any]
    says: str
    passes: bool = True


def _status(status: int, body: Any, says: str = "", *, passes: bool = True, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer({"status": status, "body": body, "headers": named}, says or f"fails with status {status} at", passes)


_EVERYWHERE = (
    *(_status(status, HTML) for status in (500, 502, 503, 504)),
    _status(503, HTML, Retry_After="7"),
    _status(408, ""),
    Answer({"cut": True}, r"does not answer \((RemoteProtocolError|ReadError)\)"),
)
_JSON_ONLY = (
    _status(200, HTML, "with status 200 and something that is no JSON"),
    _status(403, HTML, "with status 403 and something that is no JSON", passes=False),
    _status(404, HTML, "with status 404 and something that is no JSON", passes=False),
)
_HUBSPOT = (
    *_EVERYWHERE,
    *_JSON_ONLY,
    *(_status(status, HTML) for status in (521, 522, 523, 524)),
    *(_status(429, body, "limits the requests") for body in (NEW_429, OLD_429)),
    _status(429, NEW_429, "limits the requests", Retry_After="3"),
    _status(429, DAILY, "daily limit of requests is used up", passes=False),
    _status(423, ""),
    _status(477, "", "moves the account to another data centre", Retry_After="60"),
    _status(477, "", "moves the account .* asks to wait 86400 seconds", passes=False, Retry_After="86400"),
    _status(401, {"category": "EXPIRED_AUTHENTICATION"}, "does not accept the access token", passes=False),
    _status(530, HTML, "does not accept the access token", passes=False),
    _status(400, {"category": "VALIDATION_ERROR", "message": "no"}, "with status 400: VALIDATION_ERROR", passes=False),
    _status(302, "", "redirects", passes=False, Location="https://elsewhere.example/"),
)
_DYNAMICS = (
    *_EVERYWHERE,
    *_JSON_ONLY,
    _status(429, SERVICE, "limits the requests", Retry_After="27"),
    _status(429, SERVICE, "limits the requests and asks to wait 4000 seconds", passes=False, Retry_After="4000"),
    _status(401, "", "does not accept the token of the sign-in", passes=False),
    _status(400, BAD_QUERY, "with status 400: 0x80060888", passes=False),
    _status(501, BAD_QUERY, "with status 501: 0x80060888", passes=False),
)
_CHALLENGE = (
    *_EVERYWHERE,
    _status(429, SERVICE, "limits the requests", Retry_After="27"),
    _status(404, HTML, r"https://\S+ does not say where to sign in \(status 404\)", passes=False),
)
_SIGN_IN = (
    *_EVERYWHERE,
    *_JSON_ONLY,
    _status(429, TOO_MANY, "limits the requests", Retry_After="60"),
    _status(429, "", "limits the requests"),
    _status(429, TOO_MANY, "limits the requests and asks to wait 4000 seconds", passes=False, Retry_After="4000"),
    _status(400, LOOP, r"asks to wait \(AADSTS50196\)"),
    _status(400, TRANSIENT, r"asks to wait \(AADSTS90033\)"),
    _status(
        302, "", "with status 302 and something that is no JSON", passes=False, Location="https://elsewhere.example/"
    ),
)
LOST_TOKEN = r"Microsoft refuses the sign-in \(AADSTS70018\): the code was used before"
"""How a pull may end when the answer to a device code is cut: the code is used up, and its token lost."""
ANSWERS = {
    "HubSpot": _HUBSPOT,
    "Dynamics": _DYNAMICS,
    "Dynamics at https": _CHALLENGE,
    "Microsoft's sign-in": _SIGN_IN,
}
_TRICKS = (
    *(Answer({"short_page": rows}, "(?!)") for rows in (1, 4, 9, 31)),
    Answer(
        {"repeat_page": True, "short_page": 17}, r"(hubspot|dynamics)/\w+ came to the same page twice", passes=False
    ),
    _status(414, HTML, r"reads no address of \d+ characters", passes=False),
)
"""What only pages of records can do wrong."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One fault that waits on the way of a pull: who answers wrongly, where, and what."""

    portal: str
    path: str
    times: int
    skip: int
    answer: Answer

    @property
    def fault(self) -> Fault:
        """The fault as the emulator takes it."""
        portal = "hubspot" if self.portal == "HubSpot" else "dynamics"
        return Fault(portal=portal, path=self.path, times=self.times, skip=self.skip, **self.answer.parts)

    def explains(self, end: End, *, may_pass: bool) -> bool:
        """Whether a pull may end so because of this; `may_pass` is False when passing answers were too few for it."""
        if self.answer.parts.get("cut") and self.path.endswith("/token") and re.match(LOST_TOKEN, end.sentence):
            return True
        if self.answer.passes and may_pass:
            return False
        pattern = f"({re.escape(self.portal)}.*)?{self.answer.says}"
        return re.match(pattern, end.sentence) is not None and self._is_where(end.sentence)

    def _is_where(self, sentence: str) -> bool:
        """Whether the sentence names an address of this endpoint, or none at all."""
        words = [word.rstrip(".:,") for word in sentence.split()]
        named = [after for word, after in pairwise(words) if word in {"answers", "redirects"} or after.startswith("/")]
        return not named or any(fnmatchcase(word, f"*{self.path.removeprefix('/api/data/v9.2/')}") for word in named)


@dataclass(frozen=True, slots=True)
class Journey:
    """All that happens to one pull: troubles, moments at which its process is killed, and how it signs in."""

    troubles: tuple[Trouble, ...]
    kills: tuple[str, ...]
    sign_in: str
    is_authority_known: bool
    are_tokens_kept: bool
    windows: int

    @property
    def is_patience_enough(self) -> bool:
        """Whether what passes comes less often than a request is sent."""
        return sum(trouble.times for trouble in self.troubles if trouble.answer.passes) < TRIES


def journey_of(seed: int) -> Journey:
    """The journey of a seed; journeys of one seed are the same on every machine."""
    chance = random.Random(seed)  # noqa: S311
    troubles = tuple(_trouble(chance) for _ in range(chance.randint(2, 9)))
    kills = tuple(f"{chance.choice(MOMENTS)}:{chance.randint(1, 25)}" for _ in range(chance.choice((0, 0, 1, 1, 2))))
    sign_in = chance.choice(("client_secret", "client_secret", "device_code"))
    return Journey(troubles, kills, sign_in, chance.random() < 0.5, chance.random() < 0.5, chance.choice((1, 2, 3)))


def _trouble(chance: random.Random) -> Trouble:
    if chance.random() < 0.2:
        path, trick = chance.choice(PAGES), chance.choice(_TRICKS)
        portal = "HubSpot" if path.startswith("/crm") else "Dynamics"
        return Trouble(portal, path, chance.choice((1, 3, 9)), chance.randint(0, 2), trick)
    portal = chance.choices(tuple(PORTALS), (5, 4, 1, 4))[0]
    path = chance.choice(PORTALS[portal])
    answers = [answer for answer in ANSWERS[portal] if path not in OPTIONAL or answer.parts.get("status") in WAITING]
    times, skip = chance.choice((1, 1, 2, 3, 7)), chance.choice((0, 0, 1, 2))
    return Trouble(portal, path, times, skip, chance.choice(answers))
