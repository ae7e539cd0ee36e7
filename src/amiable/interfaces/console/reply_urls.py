"""Addresses of the inbox of answers."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import replies

PATHS: list[URLPattern] = [
    path("replies/", replies.replies, name="replies"),
    path("replies/<int:reply_id>/", replies.reply, name="reply"),
    path("replies/<int:reply_id>/decide/", replies.decide, name="reply_decide"),
    path("replies/<int:reply_id>/reopen/", replies.reopen, name="reply_reopen"),
    path("replies/<int:reply_id>/task/", replies.task, name="reply_task"),
    path("replies/<int:reply_id>/file/", replies.assign, name="reply_assign"),
    path("replies/<int:reply_id>/source/", replies.source, name="reply_source"),
    path("replies/<int:reply_id>/files/<int:file_id>/", replies.file, name="reply_file"),
]
