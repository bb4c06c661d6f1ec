"""Sends the requests of a sign-in, and sends them again while Microsoft only asks to wait.

Facts
    * Entra throttles an app with 429 and `Retry-After`, and a person's requests with 400, `invalid_grant` and
      AADSTS50196 (learn.microsoft.com/entra/msal/dotnet/advanced/client-and-server-throttling).
    * `msal` takes every 4xx of the discovery document as an unknown tenant, and a 429 of the token endpoint as a
      refusal. It repeats a refusal from memory until its `Retry-After` is over (5 s without one, a 400 for a minute).
      So it never gets an answer that only asks to wait: that pause is made here, and the request sent again.
    * An answer that is no JSON comes from something between here and Microsoft, such as a proxy.

Where it is used: `portals.sign_in.auth`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from dynsync_lib.errors import PortalError, PortalUnavailableError, RateLimitError, SignInError
from dynsync_lib.portals.http.again import AGAIN, AgainError, pause_s
from dynsync_lib.portals.http.caller import RESUMES, json_object, limited, no_json, retry_after_s, unavailable
from dynsync_lib.portals.http.pace import Pace
from dynsync_lib.portals.sign_in.entra_refusals import codes_of

NAME: Final = "Microsoft's sign-in"
_LOOP: Final = 50196
_LOOP_PAUSE_S: Final = 60.0
_PASSING: Final = frozenset({90006, 90012, 90024, 90033, 90055})
"""AADSTS codes that pass: service unavailable, timed out, transient, directory unavailable, tenant throttled."""
_PASSING_WORDS: Final = frozenset({"temporarily_unavailable", "server_error"})


class PatientClient:
    """Sends requests of one thread, again where that can help. `name` is what messages call who should answer.

    `advice` is the next step when nobody answers. `ended` is set, from any thread, to end a pause and all tries.
    """

    def __init__(self, client: httpx.Client, pace: Pace, ended: threading.Event, *, name: str, advice: str) -> None:
        self._client, self._pace, self._ended = client, pace, ended
        self._name, self._advice = name, advice

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def send(self, method: str, url: str, check: Callable[[httpx.Response], None], **parts: Any) -> httpx.Response:
        """The first answer of which `check` raises no AgainError; `parts` are those of `httpx.Client.request`.

        Raises what `check` raises, PortalUnavailableError, RateLimitError, SafetyError, SignInError when it was ended.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(AgainError),
            stop=stop_after_attempt(self._pace.tries),
            wait=partial(pause_s, self._pace),
            sleep=self._wait,
            reraise=True,
        )
        try:
            return retrying(self._attempt, method, url, check, parts)
        except AgainError as again:
            raise again.error from None

    def again(self, error: PortalError, wait_s: float | None) -> AgainError | PortalError:
        """An AgainError, or the error itself when that pause is longer than the kit waits."""
        return error if wait_s is not None and wait_s > self._pace.longest_wait_s else AgainError(error, wait_s)

    def _refuse_passing(self, response: httpx.Response) -> None:
        if response.status_code not in AGAIN and response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
            return
        explain = limited if response.status_code == httpx.codes.TOO_MANY_REQUESTS else unavailable
        raise self.again(explain(self._name, response, _correlation_id(response)), retry_after_s(response))

    def _wait(self, seconds: float) -> None:
        if self._pace.block(self._ended, seconds):
            raise SignInError("The sign-in was interrupted.", next_step="Run the command again.")

    def _attempt(
        self, method: str, url: str, check: Callable[[httpx.Response], None], parts: Mapping[str, Any]
    ) -> httpx.Response:
        try:
            response = self._client.request(method, url, **parts)
        except httpx.RequestError as fault:
            raise self._no_answer(fault) from None
        self._refuse_passing(response)
        check(response)
        return response

    def _no_answer(self, fault: httpx.RequestError) -> AgainError | PortalError:
        error = PortalUnavailableError(
            f"{self._name} does not answer ({type(fault).__name__}).", next_step=self._advice
        )
        if "CERTIFICATE_VERIFY_FAILED" not in str(fault):
            return AgainError(error)
        error.next_step = "Its certificate is not trusted: check the address and the machine's certificates."
        return error


class MsalHttp:
    """The HTTP client that `msal` calls, around a patient one.

    `msal` passes form fields as bytes, which httpx would send as the text `b'...'`.
    """

    def __init__(self, client: PatientClient) -> None:
        self._client = client

    def get(self, url: str, *, params: Any = None, headers: Any = None, **options: Any) -> httpx.Response:
        """The answer to a GET."""
        del options
        return self._client.send("GET", url, self._check, params=params, headers=headers)

    def post(
        self, url: str, *, params: Any = None, data: Any = None, headers: Any = None, **options: Any
    ) -> httpx.Response:
        """The answer to a POST of form fields (a mapping) or of text."""
        del options
        if not isinstance(data, Mapping):
            return self._client.send("POST", url, self._check, params=params, content=data, headers=headers)
        form = {name: value.decode() if isinstance(value, bytes) else value for name, value in data.items()}
        return self._client.send("POST", url, self._check, params=params, data=form, headers=headers)

    def close(self) -> None:
        """Does nothing: `EntraSignIn` closes the client."""

    def _check(self, response: httpx.Response) -> None:
        """Raises AgainError or PortalError for an answer that `msal` would misread."""
        answer = json_object(response)
        if not answer:
            raise _not_understood(response)
        codes = codes_of(answer)
        if _LOOP in codes:
            raise self._client.again(_throttled(response), retry_after_s(response) or _LOOP_PAUSE_S)
        if _PASSING & set(codes) or answer.get("error") in _PASSING_WORDS:
            raise self._client.again(_throttled(response), retry_after_s(response))


def _not_understood(response: httpx.Response) -> AgainError | PortalError:
    """Asked again when it claims success; a refusal that is no JSON stays one."""
    error = no_json(NAME, response, response.request.url.path, _correlation_id(response))
    return AgainError(error) if response.is_success else error


def _throttled(response: httpx.Response) -> PortalError:
    answer = json_object(response)
    code_text = "".join(f" (AADSTS{code})" for code in codes_of(answer)[:1])
    return RateLimitError(
        f"{NAME} asks to wait{code_text}.", next_step=RESUMES, correlation_id=answer.get("correlation_id")
    )


def _correlation_id(response: httpx.Response) -> str | None:
    correlation_id = response.headers.get("x-ms-request-id")
    return str(correlation_id) if correlation_id else json_object(response).get("correlation_id")
