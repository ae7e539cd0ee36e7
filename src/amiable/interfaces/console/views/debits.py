"""Direct debits: what is announced, handed to the bank, collected or failed; mandates."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.debiting.daily import debits_tick
from amiable.apps.dunning.debiting.filing import debit_file_cancel, debit_file_make
from amiable.apps.dunning.debiting.results import debit_handle
from amiable.apps.payments.debits import queries
from amiable.apps.payments.debits.mandates import mandate_revoke as mandate_end
from amiable.apps.payments.telling import PaymentError
from amiable.interfaces.console import clock, labels, sentences, toasts
from amiable.interfaces.console.access import (
    Request,
    actor,
    back,
    change,
    download,
    ids,
    page,
    page_number,
)

HOME = "console:debits"
PAGE_SIZE = 50


@page
def debits(request: Request) -> HttpResponse:
    """The list by state, the files, and what a person has to act on."""
    organization, number = request.organization.pk, page_number(request)
    counts = queries.debit_counts(organization)
    tab = request.GET.get("tab", "")
    tab = tab if tab in queries.TABS else ""
    every = sum(count for name, (count, _) in counts.items() if name != "asks")
    total = counts[tab][0] if tab else every
    offset = (number - 1) * PAGE_SIZE
    context: dict[str, Any] = {
        "rows": queries.debits_page(organization, tab=tab, offset=offset, limit=PAGE_SIZE),
        "tabs": [
            (name, words, counts[name][0])
            for name, words in labels.choices("debit_tab")
            if counts[name][0]
        ],
        "tab": tab,
        "counts": counts,
        "all": every,
        "overtaken": queries.debits_overtaken(organization, on=clock.today()),
        "files": queries.debit_files(organization),
        "creditors": queries.collecting_creditors(organization),
        "found": {"number": number, "pages": max(1, -(-total // PAGE_SIZE)), "total": total},
    }
    return render(request, "console/debits.html", context)


@change
def look(request: Request) -> HttpResponse:
    """Look now at what is due: announce, withdraw, read what the bank said."""
    done = debits_tick(request.organization.pk, now=timezone.now())
    said = gettext("Announced: %(announced)d, withdrawn: %(withdrawn)d.") % done
    toasts.done(request, said)
    return redirect(HOME)


@change
def file_make(request: Request) -> HttpResponse:
    """Make the file of a creditor, and give it out."""
    chosen = ids([request.POST.get("creditor", "")])
    organization = request.organization.pk
    known = {creditor_id for creditor_id, _, _ in queries.collecting_creditors(organization)}
    if not chosen or chosen[0] not in known:
        raise Http404
    try:
        made = debit_file_make(organization, chosen[0], now=timezone.now(), actor=actor(request))
    except CaseError as error:
        toasts.failed(request, sentences.render(error.sentence))
        return redirect(HOME)
    said = ngettext(
        "File made, with %(count)d direct debit: download it and hand it to the bank.",
        "File made, with %(count)d direct debits: download it and hand it to the bank.",
        made.file.count,
    )
    toasts.done(request, said % {"count": made.file.count})
    return redirect(HOME)


@page
def file(request: Request, debit_file_id: int) -> HttpResponse:
    """A file as it was made."""
    found = queries.debit_file(request.organization.pk, debit_file_id)
    if found is None:
        raise Http404
    return download(found[1], name=found[0], content_type="application/xml")


@change
def file_cancel(request: Request, debit_file_id: int) -> HttpResponse:
    """The file never went to the bank."""
    try:
        debit_file_cancel(
            request.organization.pk, debit_file_id, on=clock.today(), actor=actor(request)
        )
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except CaseError as error:
        toasts.failed(request, sentences.render(error.sentence))
    else:
        toasts.done(request, gettext("Taken back: its direct debits go into the next file."))
    return redirect(HOME)


@change
def handled(request: Request, debit_id: int) -> HttpResponse:
    """A person has done what a failed collection asks for."""
    done = debit_handle(request.organization.pk, debit_id, on=clock.today(), actor=actor(request))
    toasts.done(request, gettext("Done.") if done else gettext("Nothing was asked any more."))
    return back(request, HOME)


@page
def mandates(request: Request) -> HttpResponse:
    """Every mandate, and whether it may be used."""
    rows = queries.mandate_rows(request.organization.pk, on=clock.today())
    return render(request, "console/mandates.html", {"rows": rows})


@page
def mandate(request: Request, mandate_id: int) -> HttpResponse:
    """One mandate: what was read and signed, when, from where, and how it was confirmed."""
    proof = queries.mandate_proof(request.organization.pk, mandate_id, on=clock.today())
    if proof is None:
        raise Http404
    return render(request, "console/mandate.html", {"proof": proof, "row": proof.row})


@change
def mandate_revoke(request: Request, mandate_id: int) -> HttpResponse:
    """End a mandate at the wish of the customer, or of the house."""
    try:
        mandate_end(request.organization.pk, mandate_id, on=clock.today(), actor=actor(request))
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except PaymentError as error:
        toasts.failed(request, sentences.render(error.sentence))
    else:
        toasts.done(request, gettext("Ended: nothing more is collected under it."))
    return redirect("console:mandates")
