"""Addresses of money to settle, and of debts given up or handed over."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import money, money_items, refunds

_CREDIT = "bank/money/<int:credit_id>"
_DECISION = "bank/money/decisions/<int:decision_id>"
_FILE = "bank/refunds/files/<int:refund_file_id>"

PATHS: list[URLPattern] = [
    path("bank/money/", money.money, name="money"),
    path("bank/refunds/", refunds.refunds, name="refunds"),
    path("bank/refunds/list.<slug:form>/", refunds.table, name="refunds_table"),
    path("bank/refunds/order/", refunds.order, name="refunds_order"),
    path(f"{_FILE}/", refunds.take, name="refunds_take"),
    path(f"{_FILE}/withdraw/", refunds.withdraw, name="refunds_withdraw"),
    path(f"{_CREDIT}/", money.credit, name="money_credit"),
    path(f"{_CREDIT}/allocate/", money.allocate, name="money_allocate"),
    path(f"{_CREDIT}/keep/", money.keep, name="money_keep"),
    path(f"{_CREDIT}/transfer/", money.transfer, name="money_transfer"),
    path(f"{_CREDIT}/refund/", money.refund, name="money_refund"),
    path(f"{_DECISION}/made/", money.made, {"was": True}, name="money_made"),
    path(f"{_DECISION}/not-made/", money.made, {"was": False}, name="money_not_made"),
    path(f"{_DECISION}/account/", refunds.mend, name="refunds_mend"),
    path(f"{_DECISION}/undo/", money.undo, name="money_undo"),
    path("items/<int:item_id>/write-off/", money_items.write_off, name="money_write_off"),
    path(
        "items/<int:item_id>/write-off/undo/",
        money_items.write_off_undo,
        name="money_write_off_undo",
    ),
    path("items/<int:item_id>/hand-over/", money_items.hand_over, name="money_hand_over"),
    path("handovers/<int:handover_id>/take-back/", money_items.take_back, name="money_take_back"),
]
