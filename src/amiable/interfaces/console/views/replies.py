"""The inbox of answers: read, decided in one gesture, taken back; files come as downloads only."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_exempt
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.answers import reply_decide, reply_reopen, reply_task_close
from amiable.apps.insights import inbox
from amiable.apps.messaging.replies.receiving import reply_assign
from amiable.interfaces.console import clock, forms, sentences, toasts
from amiable.interfaces.console.access import (
    Request,
    actor,
    back,
    change,
    download,
    page,
    page_number,
)
from amiable.interfaces.console.dispute_forms import case_reason_choices
from amiable.interfaces.console.reply_forms import WORDS, DecisionForm, gestures

HOME = "console:replies"
# Whatever a stranger sent: nothing of it runs, loads or shows inside a page.
FILE_POLICY = "default-src 'none'; sandbox"


def _scope(request: Request) -> dict[str, bool]:
    """What matched nobody is for managers."""
    return {"with_unmatched": request.can_manage}


@page
def replies(request: Request) -> HttpResponse:
    """The list, and the first answer of it beside."""
    return _shown(request, None)


@page
def reply(request: Request, reply_id: int) -> HttpResponse:
    """One answer, with the list beside it."""
    return _shown(request, reply_id)


def _shown(request: Request, reply_id: int | None) -> HttpResponse:
    organization, today = request.organization.pk, clock.today()
    tab = request.GET.get("tab", "unread")
    scope: dict[str, Any] = {"on": today, **_scope(request)}
    found = inbox.inbox(
        organization, tab if tab in inbox.TABS else "unread", page=page_number(request), **scope
    )
    chosen = reply_id or (found.rows[0].id if found.rows else None)
    answer = inbox.answer(organization, chosen, **scope) if chosen else None
    if reply_id and answer is None:
        raise Http404
    context = {
        "found": found,
        "tab": tab,
        "counts": inbox.inbox_counts(organization, **scope),
        "answer": answer,
        "is_reading": reply_id is not None,
        "today": today,
        "mailboxes": inbox.mailboxes(organization) if request.can_manage else [],
        **(_pane(request, answer) if answer else {}),
    }
    return render(request, "console/replies.html", context)


def _pane(request: Request, answer: inbox.Answer) -> dict[str, Any]:
    """What one answer needs to be decided."""
    search = request.GET.get("q", "")[:100]
    looks = answer.row.case_id is None or "q" in request.GET
    return {
        "gestures": gestures(answer, organization_id=request.organization.pk, on=clock.today()),
        "reasons": case_reason_choices(request.organization.pk, answer.row.case_id or 0),
        "search": search,
        "candidates": inbox.candidates(request.organization.pk, answer.row.id, search)
        if looks
        else [],
    }


@change
def decide(request: Request, reply_id: int) -> HttpResponse:
    """Do what a person read in the answer, and go on to the next one."""
    organization, today = request.organization.pk, clock.today()
    found = inbox.answer(organization, reply_id, on=today, **_scope(request))
    if found is None:
        raise Http404
    currency = found.row.stake.currency if found.row.stake else "EUR"
    form = DecisionForm(request.POST, currency=currency)
    here = redirect("console:reply", reply_id)
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
        return here
    who = {"on": today, "actor": actor(request), "now": timezone.now()}
    try:
        reply_decide(organization, reply_id, form.decision, **who)
    except CaseError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return here
    words = WORDS[form.decision.verdict].label
    text = gettext("{sender}: {verdict}.").format(
        sender=found.row.sender_name or found.row.sender, verdict=words
    )
    toasts.done(request, text, reverse("console:reply_reopen", args=[reply_id]))
    return redirect("console:reply", found.next_id) if found.next_id else redirect(HOME)


@change
def reopen(request: Request, reply_id: int) -> HttpResponse:
    """Take back what was decided today."""
    found = inbox.answer(request.organization.pk, reply_id, on=clock.today(), **_scope(request))
    if found and reply_reopen(
        request.organization.pk, reply_id, on=clock.today(), actor=actor(request)
    ):
        toasts.done(request, gettext("The answer waits to be read again."))
        return redirect("console:reply", reply_id)
    toasts.failed(request, gettext("There is nothing to take back."))
    return redirect(HOME)


@change
def task(request: Request, reply_id: int) -> HttpResponse:
    """Say that what an answer asked for is done; or, by the undo, that it is not."""
    done = request.GET.get("undo") != "1"
    if reply_task_close(
        request.organization.pk, reply_id, done=done, on=clock.today(), actor=actor(request)
    ):
        undo = f"{reverse('console:reply_task', args=[reply_id])}?undo=1" if done else ""
        text = gettext("The task is done.") if done else gettext("The task is open again.")
        toasts.done(request, text, undo)
    else:
        toasts.failed(request, gettext("This is already done."))
    return back(request, HOME)


@change
def assign(request: Request, reply_id: int) -> HttpResponse:
    """Say whose file an answer belongs to."""
    chosen = request.POST.get("case", "")
    scope = {"on": clock.today(), **_scope(request)}
    found = inbox.answer(request.organization.pk, reply_id, **scope)
    case_id = int(chosen) if chosen.isdecimal() and len(chosen) < 19 else None
    if found and reply_assign(
        request.organization.pk, reply_id, case_id, on=clock.today(), actor=actor(request)
    ):
        toasts.done(request, gettext("The answer is in this file now."))
    else:
        toasts.failed(request, gettext("This cannot be changed any more."))
    return redirect("console:reply", reply_id)


@csp_exempt()
@page
def file(request: Request, reply_id: int, file_id: int) -> HttpResponse:
    """A file that came along, to keep: a browser never opens it."""
    found = inbox.answer_file(request.organization.pk, reply_id, file_id, **_scope(request))
    if found is None:
        raise Http404
    return _kept(found[1], found[0])


@csp_exempt()
@page
def source(request: Request, reply_id: int) -> HttpResponse:
    """The bytes as they came, as evidence."""
    content = inbox.answer_source(request.organization.pk, reply_id, **_scope(request))
    if content is None:
        raise Http404
    return _kept(content, f"answer-{reply_id}.eml")


def _kept(content: bytes, name: str) -> HttpResponse:
    response = download(content, name=name, content_type="application/octet-stream")
    response["Content-Security-Policy"] = FILE_POLICY
    return response
