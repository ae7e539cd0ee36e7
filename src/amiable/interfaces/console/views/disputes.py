"""Disputes: the list by the day they are to be answered, one with its conversation, how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from csp.decorators import csp_exempt
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext

from amiable.apps.cases import colleagues, dispute_reasons, disputed
from amiable.apps.cases import disputes as services
from amiable.apps.cases.files import CheckedFile, files_checked, is_scanned
from amiable.apps.cases.pauses import dispute_name_lines
from amiable.apps.cases.queries import amounts_currency
from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.disputing import Answered, dispute_end, dispute_tell
from amiable.apps.insights import dispute_report
from amiable.apps.insights import disputes as queries
from amiable.apps.receivables.lines import invoice_lines
from amiable.apps.tenants.queries import creditors, members
from amiable.core.disputes import EINVOICING
from amiable.core.money import Money
from amiable.interfaces.console import charts, clock, dispute_forms, forms, sentences, toasts
from amiable.interfaces.console.access import (
    Request,
    actor,
    change,
    download,
    manage,
    page,
    page_number,
)
from amiable.interfaces.console.views.cases import who
from amiable.interfaces.console.views.replies import FILE_POLICY


@page
def disputes(request: Request) -> HttpResponse:
    """Disputes of a tab."""
    organization, today = request.organization.pk, clock.today()
    tab = request.GET.get("tab", "open")
    found = queries.disputes(
        organization, tab if tab in queries.TABS else "open", on=today, page=page_number(request)
    )
    context = {
        "found": found,
        "tab": tab if tab in queries.TABS else "open",
        "counts": queries.disputes_counts(organization, on=today),
        "labels": _labels(organization, {row.creditor_id for row in found.rows}),
        "today": today,
    }
    return render(request, "console/disputes.html", context)


@page
def dispute(request: Request, dispute_id: int) -> HttpResponse:
    """One dispute: what was said, and what may be done."""
    organization, today = request.organization.pk, clock.today()
    found = queries.dispute(organization, dispute_id, on=today)
    if found is None:
        raise Http404
    row = found.row
    context = {
        "found": found,
        "row": row,
        "reason": dispute_reasons.reason_label(
            organization, row.creditor_id, row.reason, language=get_language() or ""
        ),
        "members": members(organization),
        "outcomes": dispute_forms.sentences(found.language),
        "questions": [_question(request, each) for each in found.questions],
        "is_scanned": is_scanned(),
        "today": today,
        **_lines(organization, found),
    }
    return render(request, "console/dispute.html", context)


def _lines(organization: int, found: queries.DisputeFull) -> dict[str, Any]:
    """The lines that are contested; while none is named, those of the invoice to choose from."""
    lines = disputed.disputed_lines(organization, found.row.id)
    known = None if lines or found.row.closed_on else invoice_lines(organization, found.invoice_id)
    offered = [each for each in known.rows if each.gross_minor > 0] if known else []
    currency = found.row.contested.currency
    total = Money(sum(each.amount_minor for each in lines), currency)
    few = offered if len(offered) <= disputed.MOST else []
    return {"lines": lines, "lines_total": total, "offered": few, "currency": currency}


@change
def name_lines(request: Request, dispute_id: int) -> HttpResponse:
    """Which lines of the invoice an open dispute is about."""
    organization = request.organization.pk
    currency = amounts_currency(organization, "dispute", dispute_id)
    try:
        ticked = request.POST.getlist("line")
        wished = disputed.lines_typed(ticked, request.POST, currency=currency)
        dispute_name_lines(organization, dispute_id, wished, **who(request))
        toasts.done(request, gettext("The lines are noted: the dispute is for what they cost."))
    except CaseError as error:
        toasts.failed(request, sentences.render(error.sentence))
    return redirect("console:dispute", dispute_id)


def _question(request: Request, row: queries.QuestionRow) -> dict[str, Any]:
    """A question with its address, and the email that we cannot send by ourselves."""
    url = colleagues.question_url(request.organization.pk, row.id) if row.is_open else ""
    subject = gettext("A question about a disputed invoice")
    body = f"{row.question}\n\n{url}"
    mail = f"mailto:{quote(row.email)}?subject={quote(subject)}&body={quote(body)}"
    return {"row": row, "url": url, "mail": mail if url and row.email else ""}


def _labels(organization: int, creditor_ids: set[int]) -> dict[int, dict[str, str]]:
    """The words of the reasons, by creditor."""
    language = get_language() or ""
    return {
        each: {row.code: row.label(language) for row in dispute_reasons.reasons(organization, each)}
        for each in creditor_ids
    }


def _attempt(request: Request, dispute_id: int, form: Any, work: Callable[[], str]) -> HttpResponse:
    """Do the work when the form is right, say what came of it, and show the dispute again."""
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
    else:
        try:
            if told := work():
                toasts.done(request, told)
        except CaseError as error:
            toasts.failed(request, sentences.render(error.sentence))
    return redirect("console:dispute", dispute_id)


@change
def take(request: Request, dispute_id: int) -> HttpResponse:
    """Who looks after it, and by when."""
    form = dispute_forms.TakeForm(request.POST)

    def work() -> str:
        data = form.cleaned_data
        services.dispute_take(
            request.organization.pk, dispute_id, owner_id=data["owner"],
            respond_by=data["respond_by"], **who(request),
        )  # fmt: skip
        return gettext("Noted.")

    return _attempt(request, dispute_id, form, work)


@change
def say(request: Request, dispute_id: int) -> HttpResponse:
    """A message to the customer, or a note; with files."""
    form = dispute_forms.SayForm(request.POST)

    def work() -> str:
        data, files = form.cleaned_data, _files(request)
        how: dict[str, Any] = {"now": timezone.now(), "actor": actor(request)}
        if data["kind"] == "note":
            said = services.Said("note", data["text"], files)
            services.entry_add(request.organization.pk, dispute_id, said, **how)
            return gettext("Noted.")
        return _told(
            dispute_tell(request.organization.pk, dispute_id, data["text"], files=files, **how)
        )

    return _attempt(request, dispute_id, form, work)


@change
def settle(request: Request, dispute_id: int) -> HttpResponse:
    """How it ends."""
    form = dispute_forms.SettleForm(request.POST)

    def work() -> str:
        data = form.cleaned_data
        settlement = services.Settlement(
            data["outcome"], data["sentence"], form.hold_words, by_manager=request.can_manage
        )
        done = dispute_end(
            request.organization.pk, dispute_id, settlement, now=timezone.now(),
            actor=actor(request),
        )  # fmt: skip
        undo = reverse("console:dispute_reopen", args=[dispute_id])
        toasts.done(request, gettext("The dispute is closed.") + " " + _told(done), undo)
        return ""

    return _attempt(request, dispute_id, form, work)


@change
def reopen(request: Request, dispute_id: int) -> HttpResponse:
    """Take back how it was settled today."""
    try:
        if services.dispute_reopen(request.organization.pk, dispute_id, **who(request)):
            toasts.done(request, gettext("The dispute is open again."))
        else:
            toasts.failed(request, gettext("There is nothing to take back."))
    except CaseError as error:
        toasts.failed(request, sentences.render(error.sentence))
    return redirect("console:dispute", dispute_id)


@change
def ask(request: Request, dispute_id: int) -> HttpResponse:
    """A question to a colleague: its address is shown, to be sent by hand."""
    form = dispute_forms.AskForm(request.POST)

    def work() -> str:
        colleagues.question_ask(
            request.organization.pk, dispute_id, **form.cleaned_data, now=timezone.now(),
            actor=actor(request),
        )  # fmt: skip
        return gettext("The question has its address: send it to your colleague.")

    return _attempt(request, dispute_id, form, work)


@change
def revoke(request: Request, dispute_id: int, question_id: int) -> HttpResponse:
    """Take a question back."""
    if colleagues.question_revoke(request.organization.pk, question_id, **who(request)):
        toasts.done(request, gettext("The address of the question opens nothing any more."))
    else:
        toasts.failed(request, gettext("This question is already over."))
    return redirect("console:dispute", dispute_id)


@csp_exempt()
@page
def file(request: Request, dispute_id: int, holder: str, file_id: int) -> HttpResponse:
    """A file that came along, to keep: a browser never opens it."""
    found = queries.dispute_file(
        request.organization.pk, dispute_id, holder=holder, file_id=file_id
    )
    if found is None:
        raise Http404
    response = download(found[1], name=found[0], content_type="application/octet-stream")
    response["Content-Security-Policy"] = FILE_POLICY
    return response


@page
def reasons(request: Request) -> HttpResponse:
    """The reasons of each creditor."""
    organization = request.organization.pk
    listed = [
        (creditor, dispute_reasons.reasons(organization, creditor.pk))
        for creditor in creditors(organization)
    ]
    context = {"listed": listed, "codes": EINVOICING}
    return render(request, "console/dispute_reasons.html", context)


@manage
def reason_set(request: Request) -> HttpResponse:
    """Word a reason, switch it on or off, or add one."""
    form = dispute_forms.ReasonForm(request.POST)
    if not form.is_valid():
        toasts.failed(request, forms.first_error(form))
    else:
        creditor = form.cleaned_data["creditor"]
        try:
            dispute_reasons.reason_set(request.organization.pk, creditor, form.row, **who(request))
            toasts.done(request, gettext("The reason is kept."))
        except CaseError as error:
            toasts.failed(request, sentences.render(error.sentence))
    return redirect("console:disputes_reasons")


@page
def figures(request: Request) -> HttpResponse:
    """Why customers contest, how it ends, and how long it takes."""
    today = clock.today()
    found = dispute_report.counted(request.organization.pk, today, language=get_language() or "")
    context = {
        "found": found,
        "today": today,
        "days": dispute_report.PERIOD_DAYS,
        "chart": charts.disputes(found),
    }
    return render(request, "console/dispute_figures.html", context)


def _files(request: Request) -> tuple[CheckedFile, ...]:
    sent = [(each.name or "", each.read()) for each in request.FILES.getlist("files")]
    return files_checked(sent)


def _told(answered: Answered) -> str:
    """Whether an email carries what was said."""
    if answered.unsent is None:
        return gettext("An email to the customer leaves in a few minutes.")
    return sentences.render(answered.unsent)
