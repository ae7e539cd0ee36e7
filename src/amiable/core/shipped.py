"""The scenarios shipped with the product: the tone ladder from a service to the last resort.

Days and media follow the trade's practice; each is a starting point to copy and change. Names are
gettext messages, so that they read in the language of the screen.
"""

from __future__ import annotations

from collections.abc import Mapping

from amiable.core.scenario import Conditions, Medium, Role, Scenario, Step, Window
from amiable.core.sentences import gettext_noop as _

_AP: tuple[Role, ...] = ("accounts_payable",)
_AP_MANAGER: tuple[Role, ...] = ("accounts_payable", "manager")
_MANAGEMENT: tuple[Role, ...] = ("manager", "director")
_OFFICE = Window(from_hour=9, until_hour=18)
_LETTER: tuple[Medium, ...] = ("letter",)

SME_STANDARD = Scenario(
    code="sme-standard",
    version=1,
    name=_("SME standard"),
    description=_("Nine steps over two months, from a service before the due date to the formal "
                  "notice."),
    min_amount_minor=1500,
    regroup_days=3,
    catch_up_step="reminder_2",
    steps=(
        Step("preventive", -15, "email", "preventive", "reminder_preventive",
             name=_("Preventive message")),
        Step("reminder_1", 1, "email", "friendly", "reminder_1", name=_("First reminder"),
             attachments=("invoices",), fallback=_LETTER),
        Step("call_1", 4, "phone", "friendly", name=_("First call")),
        Step("reminder_2", 7, "email", "friendly", "reminder_2", name=_("Second reminder"),
             attachments=("invoices",), fallback=_LETTER),
        Step("firm_letter", 8, "letter", "firm", "reminder_firm", name=_("Firm letter")),
        Step("sms", 15, "sms", "firm", "reminder_sms", name=_("Text message")),
        Step("last_email", 30, "email", "firm", "reminder_last", name=_("Last reminder"),
             attachments=("invoices",), fallback=_LETTER),
        Step("last_call", 30, "phone", "firm", name=_("Last call"), accompanies="last_email"),
        Step("formal_notice", 45, "registered_letter", "formal", "formal_notice", "manual",
             name=_("Formal notice")),
        Step("handover", 60, "task", "litigation", name=_("Hand over to litigation"),
             task="hand_over"),
    ),
)  # fmt: skip
"""The French SME standard: nine steps (the last email and its call are one)."""

KEY_ACCOUNTS = Scenario(
    code="key-accounts",
    version=1,
    name=_("Key accounts"),
    description=_("Calls first, statements, and the sales owner before anything formal."),
    min_amount_minor=5000,
    min_gap_days=2,
    regroup_days=5,
    catch_up_step="statement_1",
    deadline_days=15,
    approval_above_minor=5_000_000,
    steps=(
        Step("preventive_call", -10, "phone", "preventive", name=_("Call before the due date"),
             recipients=_AP, conditions=Conditions(min_amount_minor=500_000)),
        Step("statement_1", 5, "email", "friendly", "statement_reminder",
             name=_("Statement of account"), recipients=_AP,
             attachments=("invoices", "statement"), fallback=_LETTER),
        Step("call_1", 12, "phone", "friendly", name=_("First call"), recipients=_AP),
        Step("statement_2", 20, "email", "friendly", "reminder_2", name=_("Second reminder"),
             approval="batch", recipients=_AP_MANAGER, attachments=("invoices", "statement"),
             fallback=_LETTER),
        Step("call_2", 28, "phone", "firm", name=_("Call to the manager"),
             recipients=_AP_MANAGER),
        Step("ask_sales", 38, "task", "firm", name=_("Ask the sales owner"),
             task="ask_sales_owner"),
        Step("last_email", 45, "email", "firm", "reminder_last", "batch",
             name=_("Last reminder to the management"), recipients=_MANAGEMENT,
             attachments=("invoices", "statement"), fallback=_LETTER),
        Step("last_call", 45, "phone", "firm", name=_("Last call"), accompanies="last_email",
             recipients=_MANAGEMENT),
        Step("formal_notice", 60, "registered_letter", "formal", "formal_notice", "manual",
             name=_("Formal notice")),
        Step("review", 15, "task", "litigation", name=_("Decide what comes next"),
             anchor="formal_notice_received", task="review"),
    ),
)  # fmt: skip

PUBLIC_BODIES = Scenario(
    code="public-bodies",
    version=1,
    name=_("Public bodies"),
    description=_("Missing documents first; no formal notice before two months."),
    min_amount_minor=1500,
    min_gap_days=3,
    regroup_days=5,
    catch_up_step="reminder_1",
    deadline_days=15,
    steps=(
        Step("check_deposit", -12, "email", "preventive", "public_preventive",
             name=_("Is the file complete?"), attachments=("invoices",)),
        Step("call_1", 3, "phone", "friendly", name=_("Call: where does the payment stand?")),
        Step("reminder_1", 8, "email", "friendly", "public_reminder_1",
             name=_("First reminder"), attachments=("invoices",), fallback=_LETTER),
        Step("reminder_2", 18, "email", "friendly", "public_reminder_2",
             name=_("Second reminder"), attachments=("invoices", "statement"), fallback=_LETTER),
        Step("call_2", 25, "phone", "friendly", name=_("Second call")),
        Step("ask_sales", 32, "task", "firm", name=_("Ask the sales owner"),
             task="ask_sales_owner"),
        Step("letter", 42, "letter", "firm", "public_letter",
             name=_("Letter on late-payment interest")),
        Step("formal_notice", 60, "registered_letter", "formal", "formal_notice", "manual",
             name=_("Formal notice")),
        Step("review", 90, "task", "litigation", name=_("Decide what comes next"),
             task="review"),
    ),
)  # fmt: skip

RISKY = Scenario(
    code="risky",
    version=1,
    name=_("Risky customers"),
    description=_("Short: five weeks, deliveries held, formal notice on day 25."),
    min_amount_minor=1500,
    regroup_days=2,
    catch_up="jump",
    deadline_days=8,
    steps=(
        Step("preventive", -8, "email", "preventive", "reminder_preventive",
             name=_("Preventive message")),
        Step("call_1", 3, "phone", "friendly", name=_("First call")),
        Step("reminder", 7, "email", "friendly", "reminder_2", name=_("Reminder"),
             attachments=("invoices", "statement"), fallback=_LETTER),
        Step("sms", 13, "sms", "firm", "reminder_sms", name=_("Text message")),
        Step("firm_letter", 15, "registered_letter", "firm", "reminder_firm",
             name=_("Firm registered letter")),
        Step("hold_deliveries", 20, "task", "firm", name=_("Hold deliveries"),
             task="hold_deliveries"),
        Step("formal_notice", 25, "registered_letter", "formal", "formal_notice", "manual",
             name=_("Formal notice")),
        Step("handover", 35, "task", "litigation", name=_("Hand over to litigation"),
             task="hand_over"),
        Step("returned_call", 0, "phone", "firm", name=_("Call about the returned payment"),
             anchor="payment_returned", days="working"),
        Step("returned_email", 1, "email", "firm", "payment_returned",
             name=_("Message about the returned payment"), anchor="payment_returned",
             days="working", fallback=_LETTER),
    ),
)  # fmt: skip

GOOD_PAYERS = Scenario(
    code="good-payers",
    version=1,
    name=_("Good payers"),
    description=_("Three kind messages, then a person decides; nothing firm leaves by itself."),
    min_amount_minor=3000,
    min_gap_days=4,
    regroup_days=7,
    catch_up_step="courtesy_1",
    steps=(
        Step("courtesy", -3, "email", "preventive", "courtesy_preventive",
             name=_("Courtesy message")),
        Step("courtesy_1", 7, "email", "friendly", "courtesy_1", name=_("Courtesy reminder"),
             attachments=("invoices",), fallback=_LETTER),
        Step("courtesy_2", 15, "email", "friendly", "courtesy_2", name=_("Second reminder"),
             attachments=("invoices", "statement"), fallback=_LETTER),
        Step("call", 22, "phone", "friendly", name=_("Call")),
        Step("review", 30, "task", "friendly", name=_("Decide what comes next"), task="review"),
    ),
)  # fmt: skip

CONSUMER_SUBSCRIPTION = Scenario(
    code="consumer-subscription",
    version=1,
    name=_("Consumer subscription"),
    description=_("A payment that failed: neutral texts, ways to pay, a payment plan."),
    min_amount_minor=500,
    min_gap_days=2,
    regroup_days=5,
    catch_up_step="subscription_1",
    deadline_days=15,
    steps=(
        Step("subscription_1", 1, "email", "friendly", "subscription_1",
             name=_("First message"), fallback=("sms", "letter"), window=_OFFICE),
        Step("subscription_sms", 3, "sms", "friendly", "subscription_sms",
             name=_("Text message"), window=_OFFICE),
        Step("subscription_2", 7, "email", "friendly", "subscription_2",
             name=_("Second message"), fallback=_LETTER, window=_OFFICE),
        Step("subscription_last", 15, "email", "firm", "subscription_last",
             name=_("Last message"), fallback=_LETTER, window=_OFFICE),
        Step("formal_notice", 30, "registered_letter", "formal", "formal_notice", "manual",
             name=_("Formal notice"), conditions=Conditions(min_amount_minor=5000)),
        Step("review", 50, "task", "litigation", name=_("Decide what comes next"),
             task="review"),
        Step("returned", 0, "email", "friendly", "payment_returned",
             name=_("Message about the returned payment"), anchor="payment_returned",
             days="working", fallback=("sms", "letter"), window=_OFFICE),
    ),
)  # fmt: skip

AFTER_BROKEN = Scenario(
    code="after-broken",
    version=1,
    name=_("After a broken promise or plan"),
    description=_("A word was given and not kept: one call, one message, then formal."),
    min_amount_minor=1500,
    regroup_days=0,
    catch_up="jump",
    event_days=60,
    steps=(
        Step("broken_email", 0, "email", "firm", "promise_broken",
             name=_("The promised payment did not come"), anchor="promise_broken",
             days="working", attachments=("invoices",), fallback=_LETTER),
        Step("broken_call", 2, "phone", "firm", name=_("Call after a broken promise"),
             anchor="promise_broken", days="working"),
        Step("broken_sms", 4, "sms", "firm", "promise_broken_sms", name=_("Text message"),
             anchor="promise_broken", days="working"),
        Step("broken_letter", 7, "letter", "firm", "promise_broken_last",
             name=_("Last letter before formal notice"), anchor="promise_broken",
             days="working"),
        Step("formal_notice", 15, "registered_letter", "formal", "formal_notice", "manual",
             name=_("Formal notice"), anchor="promise_broken", days="working"),
        Step("handover", 27, "task", "litigation", name=_("Hand over to litigation"),
             anchor="promise_broken", days="working", task="hand_over"),
        Step("missed_email", 0, "email", "friendly", "instalment_missed",
             name=_("An instalment is missing"), anchor="instalment_missed", days="working",
             fallback=_LETTER),
        Step("missed_call", 2, "phone", "firm", name=_("Call about the missing instalment"),
             anchor="instalment_missed", days="working"),
    ),
)  # fmt: skip

AGENCY_45_DAYS = Scenario(
    code="agency-45-days",
    version=1,
    name=_("Agency, 45 days"),
    description=_("Collection for others: the first letter carries the statements of "
                  "CPCE R124-4, and nothing is said that the mandate does not allow."),
    min_amount_minor=3000,
    min_gap_days=2,
    regroup_days=4,
    catch_up_step="first_letter",
    deadline_days=8,
    steps=(
        Step("first_letter", 1, "letter", "firm", "agency_first", name=_("First letter")),
        Step("first_email", 1, "email", "firm", "agency_first", name=_("First email"),
             accompanies="first_letter", attachments=("statement",)),
        Step("call_1", 5, "phone", "firm", name=_("First call")),
        Step("sms", 8, "sms", "firm", "agency_sms", name=_("Text message")),
        Step("reminder", 12, "email", "firm", "agency_reminder", name=_("Reminder"),
             fallback=_LETTER, attachments=("statement",)),
        Step("call_2", 20, "phone", "firm", name=_("Second call")),
        Step("last_letter", 25, "letter", "firm", "agency_last", name=_("Last letter")),
        Step("last_call", 32, "phone", "firm", name=_("Last call")),
        Step("formal_notice", 36, "registered_letter", "formal", "agency_formal", "manual",
             name=_("Formal notice")),
        Step("report", 45, "task", "litigation", name=_("Report to the creditor"),
             task="review"),
    ),
)  # fmt: skip

SHIPPED: Mapping[str, Scenario] = {
    scenario.code: scenario
    for scenario in (
        SME_STANDARD,
        KEY_ACCOUNTS,
        PUBLIC_BODIES,
        RISKY,
        GOOD_PAYERS,
        CONSUMER_SUBSCRIPTION,
        AFTER_BROKEN,
        AGENCY_45_DAYS,
    )
}
