"""What every channel whose provider tells later must hold: proved calls only, told twice the same,
nothing but a refusal for what is no call."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.plugins.inbound import HookAnswer, HookRefusedError, HookRequest, secret_check
from amiable.plugins.registry import plugins
from tests.plugins.channels.calls import CALLS, SECRET

TOLD_LATER = sorted(code for code, each in plugins("channels").items() if hasattr(each, "hook"))
KEY = "7:12/reminder_1/1:345"
TEXT = st.text(max_size=40)


def hook(code, request, config=None):
    return plugins("channels")[code].hook(request, config or CALLS[code].config(code))


def delivered(code):
    return CALLS[code].delivered(KEY, "ref-1", CALLS[code].config(code))


def test_every_channel_that_is_told_later_is_called_here():
    assert sorted(CALLS) == TOLD_LATER


@pytest.mark.parametrize("code", TOLD_LATER)
def test_a_call_of_the_provider_tells_of_the_message(code):
    (event,) = hook(code, delivered(code)).events
    assert event.kind in {"delivered", "accepted"}  # accepted: against a signature
    assert event.key == KEY or event.provider_id == "ref-1"
    assert event.event_id


@pytest.mark.parametrize("code", TOLD_LATER)
def test_the_same_call_again_has_the_same_event_ids(code):
    assert hook(code, delivered(code)) == hook(code, delivered(code))


@pytest.mark.parametrize("code", TOLD_LATER)
def test_a_call_that_proves_nothing_is_refused(code):
    request = delivered(code)
    naked = replace(request, query={}, headers={})
    secret = CALLS[code].secret
    for config in (CALLS[code].config(code), {**CALLS[code].config(code), secret: ""}):
        with pytest.raises(HookRefusedError) as refused:
            hook(code, naked, config)
        assert refused.value.status in {400, 401, 403}
        assert SECRET not in str(refused.value)
    with pytest.raises(HookRefusedError):
        hook(code, request, {**CALLS[code].config(code), secret: "another"})


@pytest.mark.parametrize("code", TOLD_LATER)
@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    headers=st.dictionaries(TEXT, TEXT, max_size=4),
    query=st.dictionaries(TEXT | st.sampled_from(["key", "seal", "token", "secret"]), TEXT,
                          max_size=5),
    body=st.binary(max_size=300),
)  # fmt: skip
def test_what_is_no_call_is_refused_and_never_breaks(code, method, headers, query, body):
    request = HookRequest(method, f"/hooks/channels/{code}/", headers, query, body)
    with pytest.raises(HookRefusedError):
        hook(code, request)


@pytest.mark.parametrize("code", TOLD_LATER)
@given(data=st.data())
def test_a_proved_call_with_any_content_is_read_or_refused(code, data):
    request = delivered(code)
    changed = {
        name: data.draw(TEXT) if data.draw(st.booleans()) else value
        for name, value in request.query.items()
    }
    body = data.draw(st.binary(max_size=300) | st.just(request.body))
    try:
        answer = hook(code, replace(request, query=changed, body=body))
    except HookRefusedError:
        return
    assert isinstance(answer, HookAnswer)
    for event in answer.events:
        assert event.key in {KEY, ""}, "it speaks of another message"


@pytest.mark.parametrize("code", TOLD_LATER)
def test_a_body_as_long_as_any_is_read_or_refused_at_once(code):
    for body in (b"[" * 1_000_000, b"a=b&" * 250_000, b"\xff" * 1_000_000):
        try:
            hook(code, replace(delivered(code), method="POST", body=body))
        except HookRefusedError:
            continue


def test_a_secret_in_the_address_is_compared_whole():
    config = {"hook_secret": SECRET}
    request = HookRequest("GET", "/", {}, {"secret": SECRET}, b"")
    secret_check(request, config)
    for given_secret in ("", SECRET[:-1], SECRET + "x", "é"):
        with pytest.raises(HookRefusedError):
            secret_check(replace(request, query={"secret": given_secret}), config)
    with pytest.raises(HookRefusedError):
        secret_check(replace(request, query={"secret": ""}), {"hook_secret": ""})
