"""What a refusal of Microsoft's sign-in means, and what to do about it.

Facts
    * A refusal is a dictionary with `error_codes` or an `AADSTS` number in its description (portal-apis 5.4, 8).
    * The description is never repeated: it may hold the secret, an address or a person's name.

Where it is used: `portals.sign_in.auth`, `portals.sign_in.sign_in_http`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from dynsync_lib.errors import SignInError

_PERSON: Final = 'Set sign_in = "browser" under [dynamics] of the settings, or ask the tenant\'s administrator.'
_LOST: Final = (
    "the code was used before, as when Microsoft's answer to it was lost on the way",
    "Run the command again and sign in anew.",
)
REFUSALS: Final[Mapping[int, tuple[str, str]]] = {
    7000215: ("the client secret is wrong", "Copy the secret's value, not its id, into the environment."),
    7000222: ("the client secret has expired", "Make a new client secret in the app registration."),
    7000218: (
        "the app registration does not let people sign in without a secret",
        "Turn on `Allow public client flows` in the app registration, under Authentication.",
    ),
    700016: ("the tenant does not know this client id", "Compare client id and tenant with the app registration."),
    700024: ("the signed request is too old or too new", "Correct the clock of this machine."),
    700027: (
        "the app registration does not know this certificate, or it has expired",
        "Upload the certificate to the app registration, and compare the thumbprints.",
    ),
    90002: ("the tenant does not exist", "Correct tenant_id in the settings, or leave it empty."),
    900023: ("the tenant does not exist", "Correct tenant_id in the settings, or leave it empty."),
    500011: ("the tenant does not know this Dataverse address", "Correct the address of Dynamics in the settings."),
    65001: (
        "nobody has consented to this client",
        "Let an administrator grant `Dynamics CRM user_impersonation` to the app registration.",
    ),
    65004: ("the person declined to consent", "Sign in again and accept, or ask an administrator to consent."),
    50011: (
        "the app registration does not know the address to come back to",
        "Add http://localhost as a redirect address for mobile and desktop applications.",
    ),
    50034: ("the tenant does not know this person", "Sign in with an account of the tenant that owns Dynamics."),
    50020: ("the person belongs to another tenant", "Sign in with an account of the tenant that owns Dynamics."),
    50076: ("the tenant asks for a second factor", _PERSON),
    50079: ("the tenant asks to set up a second factor first", _PERSON),
    50105: ("the person is not assigned to this app", "Let an administrator assign the person to the app."),
    54005: _LOST,
    53003: ("a conditional access policy refuses this sign-in", "Ask the tenant's administrator to allow it."),
    70008: ("the earlier sign-in has expired", "Run the command again and sign in anew."),
    70016: ("nobody entered the code in time", "Run the command again and enter the code at once."),
    70017: ("the person declined the sign-in", "Run the command again and accept."),
    70018: _LOST,
    70019: ("the code has expired", "Run the command again and enter the code at once."),
    700082: ("the earlier sign-in has expired", "Run the command again and sign in anew."),
}
"""By AADSTS code: what it means, and the next step (portal-apis 5.4)."""
_WORDS: Final = {"authorization_declined": 70017, "expired_token": 70019, "authorization_pending": 70016}
_AADSTS: Final = re.compile(r"AADSTS(\d+)")
_PLAIN_WORD: Final = re.compile(r"[a-z_]{1,40}")


def refusal_of(answer: Mapping[str, Any]) -> SignInError:
    """The error for an answer without a token, in the kit's words, with Microsoft's correlation id."""
    code = _code_of(answer)
    word = str(answer.get("error") or "")
    usual = (word if _PLAIN_WORD.fullmatch(word) else "no reason given", "Check tenant, client id and credentials.")
    meaning, next_step = REFUSALS.get(code or _WORDS.get(word, 0), usual)
    code_text = f" (AADSTS{code})" if code else ""
    return SignInError(
        f"Microsoft refuses the sign-in{code_text}: {meaning}.",
        next_step=next_step,
        correlation_id=answer.get("correlation_id"),
    )


def codes_of(answer: Mapping[str, Any]) -> list[int]:
    """The AADSTS codes of an answer: those of `error_codes`, then those in its description."""
    listed = answer.get("error_codes")
    codes = [int(code) for code in listed if str(code).isdecimal()] if isinstance(listed, list) else []
    return [*codes, *map(int, _AADSTS.findall(str(answer.get("error_description"))))]


def _code_of(answer: Mapping[str, Any]) -> int | None:
    """The first code of `REFUSALS` in the answer, else its first code; None when it has none."""
    codes = codes_of(answer)
    return next((code for code in codes if code in REFUSALS), codes[0] if codes else None)
