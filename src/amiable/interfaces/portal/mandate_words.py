"""The text of a mandate as it is read and signed, in the wording of the rulebook (EPC016-06)."""

from __future__ import annotations

from django.utils.translation import gettext

from amiable.apps.dunning.debiting.signing import MandateOffer
from amiable.core.direct_debits import REFUND_WEEKS, UNAUTHORIZED_MONTHS
from amiable.core.references import grouped

# Of this text: what was signed under another one is told apart by it.
VERSION = "mandate-1"


def paragraphs(
    offer: MandateOffer, *, name: str, iban: str, scheme: str, one_off: bool
) -> tuple[str, ...]:
    """What is signed, paragraph by paragraph, in the language of the page."""
    return (
        gettext("SEPA direct debit mandate (%(scheme)s)") % {"scheme": scheme},
        gettext("Creditor: %(creditor)s. Creditor identifier (ICS): %(ics)s.")
        % {"creditor": ", ".join((offer.creditor, *offer.address)), "ics": offer.ics},
        gettext("Account to be debited: %(iban)s, held by %(name)s.")
        % {"iban": grouped(iban), "name": name},
        gettext(
            "By signing this mandate you authorise %(creditor)s to send instructions to your bank "
            "to debit your account, and your bank to debit your account in accordance with the "
            "instructions from %(creditor)s."
        )
        % {"creditor": offer.creditor},
        _rights(scheme),
        gettext("It is valid for one collection.")
        if one_off
        else gettext("It is valid for what is due now and for what falls due later."),
        gettext(
            "You are told the day and the amount of each collection by email, %(days)d days before."
        )
        % {"days": offer.notice_days},
        gettext(
            "You can revoke it at any time on this page. Its reference is in the email that "
            "confirms it."
        ),
    )


def _rights(scheme: str) -> str:
    if scheme == "B2B":
        return gettext(
            "This mandate is only for collections between businesses. You are not entitled to a "
            "refund from your bank after your account has been debited, but you may ask your bank "
            "not to debit your account up until the day the payment is due. Your bank must know "
            "of this mandate before the first collection: please send it the confirmation."
        )
    return gettext(
        "As part of your rights, you are entitled to a refund from your bank under the terms and "
        "conditions of your agreement with your bank. A refund must be claimed within %(weeks)d "
        "weeks starting from the date on which your account was debited, and within %(months)d "
        "months if the debit was not authorised."
    ) % {"weeks": REFUND_WEEKS, "months": UNAUTHORIZED_MONTHS}
