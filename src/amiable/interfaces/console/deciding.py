"""A decision about a bank line taken from a page, and its customers planned anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404

from amiable.apps.banking import services
from amiable.apps.banking.shared_lines import line_customers
from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.services import cases_replan
from amiable.apps.payments.services import PaymentError
from amiable.apps.receivables.allocations import AllocationError
from amiable.interfaces.console import clock, sentences, toasts
from amiable.interfaces.console.access import Request, actor

ERRORS = (
    services.MatchError, services.RestError, AllocationError, PaymentError, CaseError,
)  # fmt: skip


def decide(request: Request, decision: Callable[..., Any], *what: Any, **how: Any) -> Any:
    """What the decision gives, True when it gives nothing; None and a toast when it is overtaken.

    404 when the line or the match is not there.
    """
    organization, who = request.organization.pk, {"on": clock.today(), "actor": actor(request)}
    try:
        taken = decision(organization, *what, **how, **who)
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except ERRORS as error:
        toasts.failed(request, sentences.render(error.sentence))
        return None
    first = taken[0] if isinstance(taken, list) else taken
    if line_id := getattr(first, "line_id", 0):
        cases_replan(organization, line_customers(organization, line_id), on=clock.today())
    return taken or True
