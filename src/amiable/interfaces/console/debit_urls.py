"""Addresses of direct debits."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import debits

PATHS: list[URLPattern] = [
    path("bank/debits/", debits.debits, name="debits"),
    path("bank/debits/look/", debits.look, name="debits_look"),
    path("bank/debits/file/", debits.file_make, name="debit_file_make"),
    path("bank/debits/files/<int:debit_file_id>/", debits.file, name="debit_file"),
    path(
        "bank/debits/files/<int:debit_file_id>/take-back/",
        debits.file_cancel,
        name="debit_file_cancel",
    ),
    path("bank/debits/<int:debit_id>/handled/", debits.handled, name="debit_handled"),
    path("bank/mandates/", debits.mandates, name="mandates"),
    path("bank/mandates/<int:mandate_id>/", debits.mandate, name="mandate"),
    path("bank/mandates/<int:mandate_id>/revoke/", debits.mandate_revoke, name="mandate_revoke"),
]
