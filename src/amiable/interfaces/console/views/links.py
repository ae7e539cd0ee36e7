"""Links to the payment page: made by hand, and revoked."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext, ngettext

from amiable.apps.cases.links import link_make, links_revoke
from amiable.interfaces.console import clock, toasts
from amiable.interfaces.console.access import Request, actor, back, change
from amiable.interfaces.console.views.cases import HOME, attempt


class LinkForm(forms.Form):
    """A case, and the invoice that the link is for; without one it is for all of them."""

    case = forms.IntegerField()
    invoice = forms.IntegerField(required=False)


class RevokeForm(forms.Form):
    """A case, and the one link to revoke; without one all of them."""

    case = forms.IntegerField()
    link = forms.IntegerField(required=False)


@change
def make(request: Request) -> HttpResponse:
    """A new link, to hand to the customer."""
    form = LinkForm(request.POST)

    def work() -> HttpResponse:
        link_make(
            request.organization.pk, form.cleaned_data["case"],
            invoice_id=form.cleaned_data["invoice"], on=clock.today(), actor=actor(request),
        )  # fmt: skip
        toasts.done(request, gettext("The link is made: copy it from the list."))
        return back(request, HOME)

    return attempt(request, form, work)


@change
def revoke(request: Request) -> HttpResponse:
    """Make a link, or all links of a case, open nothing any more."""
    form = RevokeForm(request.POST)

    def work() -> HttpResponse:
        count = links_revoke(
            request.organization.pk, form.cleaned_data["case"],
            link_id=form.cleaned_data["link"], on=clock.today(), actor=actor(request),
        )  # fmt: skip
        if count:
            text = ngettext(
                "{count} link is revoked: it opens nothing any more.",
                "{count} links are revoked: they open nothing any more.",
                count,
            )
            toasts.done(request, text.format(count=count))
        else:
            toasts.failed(request, gettext("No link worked any more."))
        return back(request, HOME)

    return attempt(request, form, work)
