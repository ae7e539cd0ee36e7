"""What an organization decides for all of its cases: read, checked, written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, get_args

from amiable.apps.tenants.models import Organization
from amiable.core.facts import Cap
from amiable.core.money import Money
from amiable.core.records import CustomerKind
from amiable.core.scenario import CONTACT_MEDIA
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.documents.mime import mail_address
from amiable.plugins.documents.window import WindowError, window_of

LARGEST_DAYS, LARGEST_GRACE, LEAST_TOLERANCE, MOST_CAPS = 90, 30, 50, 12
LARGEST_REPLY_HOLD = 30
LARGEST_CENTS, LARGEST_FEE, LARGEST_DISCOUNT = 500, 10_000, 100
LARGEST_LINK_DAYS, LARGEST_PROMISE_DAYS, LARGEST_CLAIM_DAYS = 730, 90, 30
LARGEST_MINIMUM = 10**8  # a million euros: above it nobody would ever be reminded
LARGEST_SMS_PART = 1000
CODE_FOR_PLANS, LARGEST_WAIVER = ("always", "above", "never"), 200
LARGEST_SURVEY_DAYS = 20
KINDS: tuple[str, ...] = get_args(CustomerKind)
MOST_TRIES, MOST_RETRY_DAYS = 9, 30
_PHONE = re.compile(r"\+?[0-9][0-9 .()/-]{4,30}")
# What may start a call: the telephone itself, a softphone, or the page of one.
_DIAL = re.compile(r"(?:(?:tel|sip|sips|callto):|https?://)[^\s<>\"'{}]*\{number\}[^\s<>\"'{}]*")

declare(
    {
        "settings.days": gettext_noop("Give a number of days from 1 to {limit}, or switch it off."),
        "settings.link_days": gettext_noop("Give a number of days from 1 to {limit}."),
        "settings.minimum": gettext_noop("Give an amount from 0 to {limit}."),
        "settings.grace": gettext_noop("Give a number of days from 0 to {limit}."),
        "settings.claim_days": gettext_noop(
            "Give a number of days from 1 to {limit}: the bank needs one at least, and who waits "
            "longer is better asked."
        ),
        "settings.discount": gettext_noop("Give thousandths from 0 to {limit}."),
        "settings.tolerance": gettext_noop("Give a percentage from {least} to 100."),
        "settings.caps_many": gettext_noop("At most {limit} limits are kept."),
        "settings.cap_numbers": gettext_noop(
            "A limit is a number of contacts from 1 to 50 in 1 to 365 days."
        ),
        "settings.cap_medium": gettext_noop("{medium} is not a medium that reaches a customer."),
        "settings.cap_kind": gettext_noop("{kind} is not a kind of customer."),
        "settings.cap_twice": gettext_noop("This limit already exists."),
        "settings.email": gettext_noop("{address} is not an email address mail can be sent to."),
        "settings.phone": gettext_noop("{phone} is not a phone number."),
        "settings.tries": gettext_noop("Give a number of calls from 1 to {limit}."),
        "settings.dial": gettext_noop(
            "Write tel:, sip:, callto: or the address of a softphone's page, with {{number}} where "
            "the number belongs."
        ),
        "settings.address_long": gettext_noop("An address has at most 6 lines of 38 characters."),
        "settings.agency_address": gettext_noop(
            "An agency's letters name it and its address (CPCE R124-4): write the address."
        ),
        "settings.code_for_plans": gettext_noop("Choose always, above or never."),
        "settings.waiver": gettext_noop("Say why in at most {limit} characters."),
        "settings.customer_address": gettext_noop(
            "{address} is the address of a customer: test messages must stay in the house."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of an organization. `min_amount_minor` = the least sum for which anybody is
    reminded, in the minor unit of the case's currency, 0 = off; `bank_data_max_age_days` None =
    off;
    `rest_...` = what matching gives up by itself of an invoice: cents, a bank's fee, a discount
    for paying early in thousandths (above it a person decides);
    `test_recipient` "" = messages reach the customers; `letter_window` as documents.window reads
    it; `call_tries` = calls in all when nobody answers, `call_retry_days` between two;
    `dial_address` = what starts a call, with {number} in it; `sms_part_minor` = what a part of a
    text message costs the house, in cents; `code_for_plans` = when customers who sign a plan on
    the payment page confirm it with a code: always, above `code_above_minor`, never;
    `mandate_code_waiver` = why they sign mandates without one, "" = they do not;
    `survey_...` = whether customers are asked how it went once all is settled, and how many days
    later an email asks."""

    bank_data_max_age_days: int | None
    min_amount_minor: int
    contact_caps: tuple[Cap, ...]
    promise_grace_days: int
    promise_tolerance_pct: int
    rest_cents_minor: int
    rest_fee_minor: int
    rest_discount_permille: int
    unread_reply_hold_days: int
    test_recipient: str
    is_agency: bool
    address: tuple[str, ...]
    email: str
    phone: str
    letter_window: str
    call_tries: int
    call_retry_days: int
    dial_address: str
    sms_part_minor: int
    portal_link_days: int
    portal_promise_days: int
    claim_days: int
    code_for_plans: str
    code_above_minor: int
    mandate_code_waiver: str
    survey_on_portal: bool
    survey_by_email: bool
    survey_days: int

    def to_json(self) -> dict[str, Any]:
        """Plain data, by field."""
        return {
            **asdict(self),
            "contact_caps": [asdict(cap) for cap in self.contact_caps],
            "address": list(self.address),
        }


FIELDS = tuple(field.name for field in fields(Settings))


class SettingsError(ValueError):
    """Settings that cannot be taken; `problems` says why, by field."""

    def __init__(self, problems: Mapping[str, Sentence]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in problems.items()))
        self.problems = problems


def settings_of(organization_id: int) -> Settings:
    """The settings as they stand."""
    row = Organization.objects.values(*FIELDS).get(id=organization_id)
    return settings_from(row)


def settings_from(row: Mapping[str, Any]) -> Settings:
    """Settings of plain data, the shape of `to_json`; texts are trimmed."""
    caps = tuple(each if isinstance(each, Cap) else Cap(**each) for each in row["contact_caps"])
    lines = tuple(line.strip() for line in row["address"] if line.strip())
    test = row["test_recipient"].strip()
    return Settings(
        **{
            **row,
            "contact_caps": caps,
            "address": lines,
            "email": row["email"].strip(),
            "phone": row["phone"].strip(),
            "letter_window": row["letter_window"].strip().lower(),
            "mandate_code_waiver": row["mandate_code_waiver"].strip(),
            "dial_address": row["dial_address"].strip() or "tel:{number}",
            # As mail is sent to it: what is compared later must be the very same text.
            "test_recipient": mail_address(test) or test,
        }
    )


def settings_write(organization_id: int, wanted: Settings) -> None:
    """Store settings that were found good."""
    Organization.objects.filter(id=organization_id).update(**wanted.to_json())


def settings_problems(wanted: Settings) -> dict[str, Sentence]:
    """What is wrong with them, by field."""
    found = {name: check(wanted) for name, check in _CHECKS.items()}
    return {name: problem for name, problem in found.items() if problem}


def _days(wanted: Settings) -> Sentence | None:
    days = wanted.bank_data_max_age_days
    wrong = days is not None and not 1 <= days <= LARGEST_DAYS
    return Sentence("settings.days", {"limit": LARGEST_DAYS}) if wrong else None


def _minimum(wanted: Settings) -> Sentence | None:
    wrong = not 0 <= wanted.min_amount_minor <= LARGEST_MINIMUM
    return Sentence("settings.minimum", {"limit": Money(LARGEST_MINIMUM)}) if wrong else None


def _grace(wanted: Settings) -> Sentence | None:
    wrong = not 0 <= wanted.promise_grace_days <= LARGEST_GRACE
    return Sentence("settings.grace", {"limit": LARGEST_GRACE}) if wrong else None


def _tolerance(wanted: Settings) -> Sentence | None:
    wrong = not LEAST_TOLERANCE <= wanted.promise_tolerance_pct <= 100
    return Sentence("settings.tolerance", {"least": LEAST_TOLERANCE}) if wrong else None


def _rest_cents(wanted: Settings) -> Sentence | None:
    wrong = not 0 <= wanted.rest_cents_minor <= LARGEST_CENTS
    return Sentence("settings.minimum", {"limit": Money(LARGEST_CENTS)}) if wrong else None


def _rest_fee(wanted: Settings) -> Sentence | None:
    wrong = not 0 <= wanted.rest_fee_minor <= LARGEST_FEE
    return Sentence("settings.minimum", {"limit": Money(LARGEST_FEE)}) if wrong else None


def _rest_discount(wanted: Settings) -> Sentence | None:
    wrong = not 0 <= wanted.rest_discount_permille <= LARGEST_DISCOUNT
    return Sentence("settings.discount", {"limit": LARGEST_DISCOUNT}) if wrong else None


def _reply_hold(wanted: Settings) -> Sentence | None:
    wrong = not 0 <= wanted.unread_reply_hold_days <= LARGEST_REPLY_HOLD
    return Sentence("settings.grace", {"limit": LARGEST_REPLY_HOLD}) if wrong else None


def _tries(wanted: Settings) -> Sentence | None:
    wrong = not 1 <= wanted.call_tries <= MOST_TRIES
    return Sentence("settings.tries", {"limit": MOST_TRIES}) if wrong else None


def _retry_days(wanted: Settings) -> Sentence | None:
    wrong = not 0 <= wanted.call_retry_days <= MOST_RETRY_DAYS
    return Sentence("settings.grace", {"limit": MOST_RETRY_DAYS}) if wrong else None


def _sms_part(wanted: Settings) -> Sentence | None:
    wrong = not 0 <= wanted.sms_part_minor <= LARGEST_SMS_PART
    return Sentence("settings.minimum", {"limit": Money(LARGEST_SMS_PART)}) if wrong else None


def _dial(wanted: Settings) -> Sentence | None:
    address = wanted.dial_address
    right = len(address) <= 200 and _DIAL.fullmatch(address)
    return None if right else Sentence("settings.dial")


def _link_days(wanted: Settings) -> Sentence | None:
    wrong = not 1 <= wanted.portal_link_days <= LARGEST_LINK_DAYS
    return Sentence("settings.link_days", {"limit": LARGEST_LINK_DAYS}) if wrong else None


def _promise_days(wanted: Settings) -> Sentence | None:
    wrong = not 0 <= wanted.portal_promise_days <= LARGEST_PROMISE_DAYS
    return Sentence("settings.grace", {"limit": LARGEST_PROMISE_DAYS}) if wrong else None


def _claim_days(wanted: Settings) -> Sentence | None:
    wrong = not 1 <= wanted.claim_days <= LARGEST_CLAIM_DAYS
    return Sentence("settings.claim_days", {"limit": LARGEST_CLAIM_DAYS}) if wrong else None


def _survey_days(wanted: Settings) -> Sentence | None:
    wrong = not 0 <= wanted.survey_days <= LARGEST_SURVEY_DAYS
    return Sentence("settings.grace", {"limit": LARGEST_SURVEY_DAYS}) if wrong else None


def _code_for_plans(wanted: Settings) -> Sentence | None:
    known = wanted.code_for_plans in CODE_FOR_PLANS
    return None if known else Sentence("settings.code_for_plans")


def _code_above(wanted: Settings) -> Sentence | None:
    wrong = not 0 <= wanted.code_above_minor <= LARGEST_MINIMUM
    return Sentence("settings.minimum", {"limit": Money(LARGEST_MINIMUM)}) if wrong else None


def _waiver(wanted: Settings) -> Sentence | None:
    wrong = len(wanted.mandate_code_waiver) > LARGEST_WAIVER
    return Sentence("settings.waiver", {"limit": LARGEST_WAIVER}) if wrong else None


def _caps(wanted: Settings) -> Sentence | None:
    caps = wanted.contact_caps
    if len(caps) > MOST_CAPS:
        return Sentence("settings.caps_many", {"limit": MOST_CAPS})
    if len({(cap.medium, cap.kind, cap.days) for cap in caps}) < len(caps):
        return Sentence("settings.cap_twice")
    return next(filter(None, map(_cap, caps)), None)


def _cap(cap: Cap) -> Sentence | None:
    if cap.medium and cap.medium not in CONTACT_MEDIA:
        return Sentence("settings.cap_medium", {"medium": cap.medium[:40]})
    if cap.kind and cap.kind not in KINDS:
        return Sentence("settings.cap_kind", {"kind": cap.kind[:40]})
    inside = 1 <= cap.count <= 50 and 1 <= cap.days <= 365
    return None if inside else Sentence("settings.cap_numbers")


def _mail(address: str) -> Sentence | None:
    wrong = address and mail_address(address) is None
    return Sentence("settings.email", {"address": address[:100]}) if wrong else None


def _phone(wanted: Settings) -> Sentence | None:
    wrong = wanted.phone and not _PHONE.fullmatch(wanted.phone)
    return Sentence("settings.phone", {"phone": wanted.phone[:40]}) if wrong else None


def _address(wanted: Settings) -> Sentence | None:
    if wanted.is_agency and not wanted.address:
        return Sentence("settings.agency_address")
    return Sentence("settings.address_long") if _too_long(wanted.address) else None


def _window(wanted: Settings) -> Sentence | None:
    try:
        window_of(wanted.letter_window)
    except WindowError as error:
        return error.sentence
    return None


def _too_long(lines: Sequence[str]) -> bool:
    return len(lines) > 6 or any(len(line) > 38 for line in lines)


_CHECKS: Mapping[str, Callable[[Settings], Sentence | None]] = {
    "bank_data_max_age_days": _days,
    "min_amount_minor": _minimum,
    "contact_caps": _caps,
    "promise_grace_days": _grace,
    "promise_tolerance_pct": _tolerance,
    "rest_cents_minor": _rest_cents,
    "rest_fee_minor": _rest_fee,
    "rest_discount_permille": _rest_discount,
    "unread_reply_hold_days": _reply_hold,
    "test_recipient": lambda wanted: _mail(wanted.test_recipient),
    "address": _address,
    "email": lambda wanted: _mail(wanted.email),
    "phone": _phone,
    "letter_window": _window,
    "portal_link_days": _link_days,
    "portal_promise_days": _promise_days,
    "claim_days": _claim_days,
    "code_for_plans": _code_for_plans,
    "code_above_minor": _code_above,
    "mandate_code_waiver": _waiver,
    "survey_days": _survey_days,
    "call_tries": _tries,
    "call_retry_days": _retry_days,
    "dial_address": _dial,
    "sms_part_minor": _sms_part,
}
