"""Addresses of disputes: the list, one of them, reasons, figures."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import disputes

_ONE = "disputes/<int:dispute_id>"
PATHS: list[URLPattern] = [
    path("disputes/", disputes.disputes, name="disputes"),
    path("disputes/figures/", disputes.figures, name="disputes_figures"),
    path("disputes/reasons/", disputes.reasons, name="disputes_reasons"),
    path("disputes/reasons/set/", disputes.reason_set, name="disputes_reason_set"),
    path(f"{_ONE}/", disputes.dispute, name="dispute"),
    path(f"{_ONE}/take/", disputes.take, name="dispute_take"),
    path(f"{_ONE}/lines/", disputes.name_lines, name="dispute_lines"),
    path(f"{_ONE}/say/", disputes.say, name="dispute_say"),
    path(f"{_ONE}/settle/", disputes.settle, name="dispute_settle"),
    path(f"{_ONE}/reopen/", disputes.reopen, name="dispute_reopen"),
    path(f"{_ONE}/ask/", disputes.ask, name="dispute_ask"),
    path(f"{_ONE}/questions/<int:question_id>/revoke/", disputes.revoke, name="dispute_revoke"),
    path(f"{_ONE}/<str:holder>/<int:file_id>/", disputes.file, name="dispute_file"),
]
