"""Words for money to settle: its kinds, what was decided, who collects."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amiable.interfaces.console.looks import Look

MONEY: dict[str, dict[str, Look]] = {
    "settle": {
        "insolvent": Look(_("After an insolvency judgment"), "bad"),
        "written_off": Look(_("On a written-off item"), "warn"),
        "handed_over": Look(_("On an item handed over"), "warn"),
        "double": Look(_("Suspected double payments"), "warn"),
        "third_payer": Look(_("Paid for someone else"), "warn"),
        "overpayment": Look(_("Overpayments"), "info"),
        "unallocated": Look(_("Not allocated"), "info"),
        "refund_to_make": Look(_("Refunds to make"), "warn"),
        "refund_made": Look(_("Refunds ordered"), "info"),
        "refund_owed": Look(_("Refunded, then taken back"), "bad"),
        "kept": Look(_("Kept for the next invoice"), "quiet"),
    },
    "credit_decision": {
        "allocated": Look(_("Allocated"), "good"),
        "kept": Look(_("Kept for the next invoice"), "quiet"),
        "transferred": Look(_("Moved"), "info"),
        "refund": Look(_("Refund"), "warn"),
    },
    "collector": {
        "litigation": Look(_("Litigation department")),
        "agency": Look(_("Collection agency")),
        "bailiff": Look(_("Bailiff (commissaire de justice)")),
        "factor": Look(_("Factor")),
    },
    "noted_money": {
        "credit.allocated": Look(_("Money allocated")),
        "credit.kept": Look(_("Money kept for the next invoice")),
        "credit.transferred": Look(_("Money moved to another customer")),
        "credit.undone": Look(_("Decision about money undone")),
        "write_off.recovered": Look(_("Written-off debt taken up again and paid")),
        "refund.requested": Look(_("Refund noted")),
        "refund.readdressed": Look(_("Account of a refund corrected")),
        "refund.made": Look(_("Refund ordered")),
        "refund.not_made": Look(_("Refund not ordered after all")),
        "refund.settled": Look(_("Refund seen on a statement")),
        "refund.not_settled": Look(_("Refund not on the statement after all")),
        "item.written_off": Look(_("Debt given up")),
        "item.write_off_undone": Look(_("Debt owed again")),
        "item.handed_over": Look(_("Debt handed over")),
        "item.taken_back": Look(_("Debt taken back")),
    },
}
