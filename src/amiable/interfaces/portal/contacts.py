"""Not the right person: whom to turn to instead. What we know of the contact is never shown."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.translation import gettext

from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.contacting import NewContact, contact_propose
from amiable.interfaces.portal import words
from amiable.interfaces.portal.forms import ContactForm
from amiable.interfaces.portal.guard import Visit, visited
from amiable.interfaces.portal.showing import page_html
from amiable.interfaces.portal.tickets import ticket_name


@visited("GET", "HEAD", "POST")
def contact(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Names somebody else; a person of ours looks at it before anything changes."""
    sent = request.POST if request.method == "POST" else None
    form = ContactForm(sent, page=visit.page, on=visit.on)
    problem, status = "", 200
    if sent is not None:
        name, status = ticket_name(request.POST.get("ticket", ""), visit.link.id), 422
        if name is None:
            problem = gettext("This page was open for long: please look at it and send it again.")
        elif form.is_valid():
            try:
                contact_propose(visit.link, _new(visit, form), ticket=name, now=visit.now)
                return HttpResponseRedirect(visit.url("contact_told"), status=303)
            except CaseError as error:
                problem = words.sentence(error.sentence)
    fields = [(form["name"], "text"), (form["email"], "email"), (form["phone"], "tel")]
    shown = page_html(visit, "portal/contact.html", form=form, fields=fields, problem=problem)
    return HttpResponse(shown, status=status)


@visited("GET", "HEAD")
def contact_told(_request: HttpRequest, visit: Visit) -> HttpResponse:
    """Thanks, and what happens next."""
    return HttpResponse(page_html(visit, "portal/contact_told.html"))


def _new(visit: Visit, form: ContactForm) -> NewContact:
    data = form.cleaned_data
    with translation.override(visit.page.house_language):
        subject = gettext("Payment page: not the right person, write to {name}")
        if visit.page.is_test:
            subject = f"{gettext('[TEST]')} {subject}"
    return NewContact(
        name=data["name"], email=data["email"], phone=data["phone"], note=data["note"],
        subject=subject.format(name=data["name"]),
    )  # fmt: skip
