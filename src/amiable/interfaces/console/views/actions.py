"""Today's actions: approve one by one or in a batch, note calls and tasks, settle the uncertain."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from amiable.apps.dunning import exclusions, services
from amiable.apps.dunning import queries as dunning
from amiable.apps.dunning.writing.previews import action_preview
from amiable.interfaces.console import clock, labels, toasts
from amiable.interfaces.console.access import Request, actor, back, change, ids, page

HOME = "console:actions"
# The batch a person looks through at once; the rest follows as these are decided.
LIMIT = 200


@page
def actions(request: Request) -> HttpResponse:
    """What waits for a person, and what leaves by itself."""
    organization, day = request.organization.pk, clock.workday()
    tab = request.GET.get("tab", "approve")
    tab = tab if tab in dunning.TABS else "approve"
    context = {
        "today": clock.today(),
        "day": day,
        "tab": tab,
        "counts": dunning.agenda_counts(organization, on=day),
        "limit": LIMIT,
        "call_results": labels.choices("call"),
    }
    if tab == "batch":
        context["groups"] = dunning.batch_groups(organization, on=day, limit=LIMIT)
        context["shown"] = sum(len(group.lines) for group in context["groups"])
    else:
        context["lines"] = dunning.agenda(organization, on=day, tab=tab, limit=LIMIT)
        context["shown"] = len(context["lines"])
    if tab in {"batch", "approve"}:
        context["late"] = dunning.unconfirmed(organization, tab=tab, on=clock.today())
    return render(request, "console/actions.html", context)


@page
def left_out(request: Request) -> HttpResponse:
    """Who is not in the batch and why; a part of the page for htmx, else a page of its own."""
    found = exclusions.exclusions(
        request.organization.pk, on=clock.workday(), fresh=request.GET.get("fresh") == "1"
    )
    template = "console/parts/left_out.html" if request.htmx else "console/actions_left_out.html"
    return render(request, template, {"found": found, "today": clock.today()})


def _chosen(request: Request) -> list[int]:
    return ids(request.POST.getlist("action"))


@change
def approve(request: Request) -> HttpResponse:
    """Approve the chosen actions: they leave with the next sending."""
    chosen = _chosen(request)
    today = clock.today()
    count = services.action_approve(request.organization.pk, chosen, on=today, actor=actor(request))
    text = ngettext("{count} action is approved.", "{count} actions are approved.", count)
    query = "&".join(f"action={action}" for action in chosen)
    undo = f"{reverse('console:actions_reopen')}?{query}" if count else ""
    toasts.done(request, text.format(count=count), undo)
    return back(request, HOME)


@change
def reopen(request: Request) -> HttpResponse:
    """Take back an approval that has not left yet."""
    chosen = ids(request.GET.getlist("action"))
    count = services.action_reopen(
        request.organization.pk, chosen, on=clock.today(), actor=actor(request)
    )
    text = ngettext("{count} approval is taken back.", "{count} approvals are taken back.", count)
    toasts.done(request, text.format(count=count))
    return back(request, HOME)


@change
def refuse(request: Request) -> HttpResponse:
    """Refuse the chosen actions: their step is skipped, with a reason everybody can read."""
    reason = request.POST.get("reason", "").strip()[:200]
    if not reason:
        toasts.failed(request, gettext("Say why: the reason is kept in the customer's history."))
        return back(request, HOME)
    count = services.action_refuse(
        request.organization.pk,
        _chosen(request),
        on=clock.today(),
        actor=actor(request),
        reason=reason,
    )
    text = ngettext("{count} action is refused.", "{count} actions are refused.", count)
    query = "&".join(f"action={action}" for action in _chosen(request))
    undo = f"{reverse('console:actions_refuse_undo')}?{query}" if count else ""
    toasts.done(request, text.format(count=count), undo)
    return back(request, HOME)


@change
def refuse_undo(request: Request) -> HttpResponse:
    """Take back a refusal of today."""
    chosen = ids(request.GET.getlist("action"))
    count = services.refusal_withdraw(
        request.organization.pk, chosen, on=clock.today(), actor=actor(request)
    )
    text = ngettext("{count} refusal is taken back.", "{count} refusals are taken back.", count)
    toasts.done(request, text.format(count=count))
    return back(request, HOME)


@page
def preview(request: Request, action_id: int) -> HttpResponse:
    """What a waiting message would say if it left now."""
    found = action_preview(request.organization.pk, action_id, now=timezone.now())
    if found is None:
        raise Http404
    return render(request, "console/action_preview.html", {"found": found})


@change
def task(request: Request, action_id: int) -> HttpResponse:
    """Close a task: done, or not done and why."""
    done = request.POST.get("done") == "yes"
    note = request.POST.get("note", "").strip()[:500]
    if not done and not note:
        toasts.failed(request, gettext("Say why it was not done."))
        return back(request, HOME)
    closed = services.task_record(
        request.organization.pk,
        action_id,
        done=done,
        note=note,
        on=clock.today(),
        actor=actor(request),
    )
    if closed:
        undo = reverse("console:action_task_undo", args=[action_id])
        text = gettext("The task is done.") if done else gettext("Noted: it was not done.")
        toasts.done(request, text, undo)
    else:
        toasts.failed(request, gettext("This is already done."))
    return back(request, HOME)


@change
def task_undo(request: Request, action_id: int) -> HttpResponse:
    """Open a task again that was closed today."""
    if services.task_reopen(
        request.organization.pk, action_id, on=clock.today(), actor=actor(request)
    ):
        toasts.done(request, gettext("The task is open again."))
    else:
        toasts.failed(request, gettext("There is nothing to take back."))
    return back(request, HOME)


@change
def resolve(request: Request, action_id: int) -> HttpResponse:
    """Say whether a message of unknown fate left."""
    left = request.POST.get("left") == "yes"
    services.unknown_resolve(
        request.organization.pk, action_id, left=left, on=clock.today(), actor=actor(request)
    )
    text = gettext("Noted: it left.") if left else gettext("Noted: it did not leave.")
    toasts.done(request, text)
    return back(request, HOME)
