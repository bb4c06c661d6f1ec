"""Entra's refusals: the error word, the AADSTS number and its sentence (portal-apis 5.4, 8).

Facts
    * A refusal of the token endpoint is JSON with `error`, `error_description`, `error_codes` and ids; `msal` hands it
      on as a dictionary. Numbers and words are Microsoft's; the sentences are shortened.

Where it is used: `emulator.entra.sign_in`, `emulator.entra.grants`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_reply
from dynsync_lib.emulator.times import iso_ms


@dataclass(frozen=True, slots=True)
class SignInError:
    """One refusal of Entra: the HTTP status, the word of `error`, and the sentence after the AADSTS number."""

    status: int
    error: str
    says: str


SIGN_IN_ERRORS: Final[Mapping[int, SignInError]] = {
    50034: SignInError(400, "invalid_grant", "The user account does not exist in the directory."),
    50076: SignInError(400, "interaction_required", "You must use multi-factor authentication to access the resource."),
    50079: SignInError(400, "interaction_required", "You must enroll in multi-factor authentication."),
    50196: SignInError(400, "invalid_grant", "The server terminated an operation because it encountered a loop."),
    53003: SignInError(400, "invalid_grant", "Access has been blocked by Conditional Access policies."),
    65001: SignInError(400, "invalid_grant", "The user or administrator has not consented to use the application."),
    70000: SignInError(400, "invalid_grant", "The provided grant is invalid or malformed."),
    70003: SignInError(400, "unsupported_grant_type", "The app requested an unsupported grant type."),
    70008: SignInError(400, "invalid_grant", "The provided authorization code or refresh token has expired."),
    70016: SignInError(400, "authorization_pending", "OAuth 2.0 device flow error. Authorization is pending."),
    70017: SignInError(400, "authorization_declined", "OAuth 2.0 device flow error. The end user denied the request."),
    70018: SignInError(400, "bad_verification_code", "Invalid verification code."),
    70019: SignInError(400, "expired_token", "The verification code has expired."),
    90002: SignInError(400, "invalid_request", "Tenant not found."),
    90014: SignInError(400, "invalid_request", "A required field is missing from the request."),
    90033: SignInError(503, "temporarily_unavailable", "A transient error has occurred. Please try again."),
    500011: SignInError(400, "invalid_resource", "The resource principal was not found in the tenant."),
    501481: SignInError(400, "invalid_grant", "The code verifier does not match the code challenge."),
    700016: SignInError(400, "unauthorized_client", "The application was not found in the directory."),
    700024: SignInError(401, "invalid_client", "Client assertion is not within its valid time range."),
    700027: SignInError(401, "invalid_client", "The certificate that signed the assertion is not registered."),
    7000215: SignInError(401, "invalid_client", "Invalid client secret provided."),
    7000218: SignInError(401, "invalid_client", "The request must contain 'client_assertion' or 'client_secret'."),
    7000222: SignInError(401, "invalid_client", "The provided client secret keys are expired."),
}


def sign_in_failure(call: Call, code: int) -> Reply:
    """The reply of the token endpoint for one AADSTS number."""
    error = SIGN_IN_ERRORS[code]
    ids = {"trace_id": call.correlation_id, "correlation_id": call.correlation_id}
    moment = (iso_ms(call.at_s) or "").replace("T", " ").partition(".")[0] + "Z"
    description = (
        f"AADSTS{code}: {error.says} Trace ID: {call.correlation_id} Correlation ID: {call.correlation_id} "
        f"Timestamp: {moment}"
    )
    more = {"error_description": description, "error_codes": [code], "timestamp": moment}
    return json_reply({"error": error.error, **more, **ids}, status=error.status)


def sign_in_refused(call: Call, code: int) -> Refusal:
    """`sign_in_failure` as an exception that ends a route."""
    return Refusal(sign_in_failure(call, code))
