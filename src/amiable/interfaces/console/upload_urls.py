"""Addresses of files that wait, of the columns that people name, and of batches."""

from __future__ import annotations

from django.urls import path

from amiable.interfaces.console.views import batches, uploads

PATHS = [
    path("imports/uploads/<int:upload_id>/", uploads.upload_page, name="upload"),
    path("imports/uploads/<int:upload_id>/columns/", uploads.upload_columns, name="upload_columns"),
    path("imports/uploads/<int:upload_id>/preview/", uploads.upload_preview, name="upload_preview"),
    path("imports/uploads/<int:upload_id>/save/", uploads.upload_save, name="upload_save"),
    path("imports/uploads/<int:upload_id>/account/", uploads.upload_account, name="upload_account"),
    path("bank/lines/<int:line_id>/split/", batches.batch_split, name="batch_split"),
    path("bank/lines/<int:line_id>/keep/", batches.batch_refuse, name="batch_refuse"),
    path("bank/lines/<int:line_id>/join/", batches.batch_join, name="batch_join"),
    path("imports/mappings/forget/", uploads.mapping_forget, name="mapping_forget"),
]
