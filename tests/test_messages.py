"""What is said: no secret in use wherever a portal repeats it, no address, no control character."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from dynsync_lib.cli import console
from dynsync_lib.cli.failures import print_failure
from dynsync_lib.core.settings_file.reader import parse_settings
from dynsync_lib.errors import AccessError, DynsyncError, PortalError, UsageError
from dynsync_lib.kit import emulate, rulebook
from dynsync_lib.messages import hide_everywhere, hide_secrets, redact, remember_secret, say, show_controls
from dynsync_lib.portals.dataverse.errors import explain_dataverse
from dynsync_lib.portals.hubspot.errors import explain_hubspot
from dynsync_lib.portals.sign_in.access import read_access
from dynsync_lib.portals.sign_in.connections import PortalConnections

_SECRET = 'q"7+w/8 é=x'
_FORMS = (_SECRET, "q%227%2Bw%2F8%20%C3%A9%3Dx", "q%227%2Bw%2F8+%C3%A9%3Dx", 'q\\"7+w/8 \\u00e9=x')


@pytest.mark.parametrize("form", _FORMS)
def test_hide_secrets__in_every_spelling(form: str) -> None:
    remember_secret(_SECRET)
    assert hide_secrets(f"before {form} after") == "before *** after"


def test_remember_secret__nothing_and_short_texts_are_passed_over() -> None:
    remember_secret(None, "", "       ", "contact")
    assert hide_secrets("a contact") == "a contact"


def test_redact__addresses_and_what_looks_like_a_token() -> None:
    assert redact("ada@example.com, ada%40example.com, pat-eu1-12-x, Bearer abc.def") == "***, ***, ***, ***"


def test_say__shows_controls_and_cuts() -> None:
    assert show_controls("a\x1b[31m\r\x9b\u202e\u2066\tb\nc") == "a\\x1b[31m\\r\\x9b\\u202e\\u2066\tb\nc"
    assert len(say("x" * 9_000)) == 600


@pytest.mark.parametrize("explain", [explain_hubspot, explain_dataverse])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 423, 429, 500, 501])
def test_portal_error__repeats_no_secret_and_no_address(explain: Any, status: int) -> None:
    secret = "client-secret/of~the+app"
    PortalConnections(hubspot_token="token-of-hubspot", client_secret=secret)
    said = f"{secret} token-of-hubspot ada@example.com"
    scopes = [{"context": {"requiredGranularScopes": [said]}}]
    body: dict[str, Any] = {"category": said, "message": f"prvRead{said}", "errors": scopes}
    body |= {"correlationId": said, "policyName": said}
    body |= {"error": {"code": said, "message": said}}
    headers = {"x-ms-service-request-id": secret, "x-hubspot-correlation-id": said}
    request = httpx.Request("GET", f"https://api.hubapi.com/crm/v3/objects/{secret}")
    error: PortalError = explain(httpx.Response(status, json=body, headers=headers, request=request))
    missing = error.missing if isinstance(error, AccessError) else ()
    for text in (str(error), error.next_step, str(error.correlation_id), *missing, repr(error)):
        assert not any(part in text for part in (secret, "token-of-hubspot", "ada@example.com"))


def test_read_access__remembers_what_it_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUBSPOT_TOKEN", raising=False)
    (tmp_path / ".env").write_text(
        "HUBSPOT_TOKEN=first-secret\nDYNAMICS_CLIENT_SECRET=second-secret\n", encoding="utf-8"
    )
    read_access(parse_settings("", file="dynsync.toml", rulebook=rulebook()), tmp_path / "dynsync.toml")
    assert str(DynsyncError("first-secret second-secret")) == "*** ***"


def test_screen__shows_texts_as_texts(capsys: pytest.CaptureFixture[str]) -> None:
    remember_secret("a-long-secret")
    console.say("acme [1] [red]x[/red] :smile: \x1b[2J a-long-secret")
    console.print_table(["rows"], [["\x1b]0;title\x07 [bold] a-long-secret"]])
    printed = capsys.readouterr().out
    assert "acme [1] [red]x[/red] :smile: \\x1b[2J ***" in printed
    assert "[bold] ***" in printed
    assert "\x1b" not in printed
    assert "\x07" not in printed


def test_print_json__holds_no_secret_and_nothing_that_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    remember_secret("a-long-secret")
    console.print_json({"a": ["x a-long-secret", {"b": "\x9b2J\u202e"}]})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"a": ["x ***", {"b": "\x9b2J\u202e"}]}
    assert "\x9b" not in printed
    assert hide_everywhere(("a-long-secret", 1)) == ["***", 1]


def test_print_failure__of_a_traceback(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    remember_secret("a-long-secret")
    monkeypatch.setenv("DYNSYNC_DEBUG", "1")
    error = DynsyncError("a-long-secret \x1b[2J")
    error.__cause__ = ValueError("what Ada Byron's cell holds")
    assert print_failure(ExceptionGroup("of Ada Byron", [error])) == 2
    printed = capsys.readouterr().err
    assert [line for line in printed.splitlines() if not line.startswith("  ")][-5:] == [
        "ValueError",
        "which led to",
        "DynsyncError: *** \\x1b[2J",
        "which led to",
        "ExceptionGroup",
    ]
    assert "a-long-secret" not in printed


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (PermissionError(13, "Permission denied", "x"), "ask for the right to"),
        (OSError(28, "No space left on device", "x"), "Make room on the disk"),
        (FileNotFoundError(2, "No such file or directory", "x"), "Check how the name is written."),
    ],
)
def test_print_failure__advice_that_fits(capsys: pytest.CaptureFixture[str], error: OSError, advice: str) -> None:
    assert print_failure(error) == 2
    assert advice in capsys.readouterr().err


def test_emulate__a_port_that_is_taken_or_named_twice() -> None:
    with pytest.raises(UsageError, match="Both portals cannot be served on port 8001"):
        emulate(hubspot_port=8001, dynamics_port=8001)
    with emulate() as running:
        port = int(running.addresses["hubspot"]["url"].rpartition(":")[2])
        with pytest.raises(UsageError, match=f"Port {port} of 127.0.0.1 is taken"), emulate(hubspot_port=port):
            pass
