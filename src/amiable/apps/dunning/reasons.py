"""The families that reasons not to act belong to: what a person looks for in a list of them."""

from __future__ import annotations

# In the order in which they are shown: what a person can do something about comes first.
FAMILIES: dict[str, tuple[str, ...]] = {
    "unreachable": (
        "stop.no_email", "stop.no_phone", "stop.no_mobile", "stop.no_address", "stop.bounced",
        "stop.returned", "stop.opted_out",
    ),
    "bank": ("stop.stale_bank", "stop.no_bank"),
    "money": ("stop.money",),
    "missing": ("stop.missing",),
    "answered": ("stop.answered",),
    "disputed": ("stop.disputed",),
    "promised": ("stop.promise", "stop.plan"),
    "held": ("stop.held", "stop.held_open", "stop.item_held", "stop.item_held_open"),
    "insolvent": ("stop.insolvent",),
    "deceased": ("stop.deceased",),
    "minimum": ("stop.below_minimum", "stop.below_floor"),
    "credit": ("stop.credit_covers",),
    "capped": ("stop.cap",),
    "gap": ("stop.gap", "stop.regroup", "plan.firmer_today"),
    "window": ("stop.weekday",),
    "hours": ("stop.not_worked", "stop.quiet_hours", "stop.window", "send.one_a_day"),
    "condition": ("stop.condition", "plan.no_step", "plan.formal_not_first"),
    "receipt": ("plan.awaits_receipt",),
    "waiting": (
        "plan.step_done", "plan.not_yet", "plan.next_step", "stop.nothing_due", "left_out.later",
    ),
    "over": ("plan.course_over",),
    "paid": ("stop.paid", "stop.settled"),
    "batch": ("left_out.batch",),
    "manual": ("left_out.manual",),
    "human": ("left_out.human",),
    "automatic": ("left_out.automatic",),
    "replaced": ("enroll.replaced", "plan.overtaken"),
}  # fmt: skip

_OF = {code: family for family, codes in FAMILIES.items() for code in codes}


def family(code: str) -> str:
    """The family of a sentence; "other" for one that no family names."""
    return _OF.get(code, "other")


def order(name: str) -> int:
    """The place of a family in a list."""
    return list(FAMILIES).index(name) if name in FAMILIES else len(FAMILIES)
