"""What must hold of messages, as SQL that returns no row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from amiable.apps.messaging.models import Message


def altered_messages() -> Iterator[str]:
    """Messages whose bytes are not those that were frozen; few in memory at a time."""
    rows = Message.objects.order_by("id").values_list("id", "content", "sha256")
    for message_id, content, digest in rows.iterator(chunk_size=50):
        if hashlib.sha256(content).hexdigest() != digest:
            yield f"message {message_id}: its content is not what was frozen"


INVARIANTS: dict[str, str] = {
    "message_hash_is_sha256": "SELECT id FROM messaging_message WHERE LENGTH(sha256) <> 64",
    "sent_message_says_when_and_how": (
        "SELECT id FROM messaging_message "
        "WHERE state = 'sent' AND (sent_at IS NULL OR channel = '' OR attempts = 0)"
    ),
    "only_sent_messages_have_a_sending_time": (
        "SELECT id FROM messaging_message WHERE state <> 'sent' AND sent_at IS NOT NULL"
    ),
    "message_is_sent_once": (
        "SELECT message_id FROM messaging_deliveryevent WHERE kind = 'sent' "
        "GROUP BY message_id HAVING COUNT(*) > 1"
    ),
    "sent_message_has_its_event": (
        "SELECT m.id FROM messaging_message m WHERE m.state = 'sent' AND NOT EXISTS ("
        "SELECT 1 FROM messaging_deliveryevent e WHERE e.message_id = m.id AND e.kind = 'sent')"
    ),
    "message_key_is_unique": (
        "SELECT organization_id, key FROM messaging_message "
        "GROUP BY organization_id, key HAVING COUNT(*) > 1"
    ),
    "email_has_a_message_id": (
        "SELECT id FROM messaging_message WHERE medium = 'email' AND message_id = ''"
    ),
    "message_belongs_to_its_case": (
        "SELECT m.id FROM messaging_message m JOIN cases_case c ON c.id = m.case_id "
        "WHERE c.organization_id <> m.organization_id"
    ),
    "answer_belongs_to_its_case": (
        "SELECT r.id FROM messaging_reply r JOIN cases_case c ON c.id = r.case_id "
        "WHERE c.organization_id <> r.organization_id"
    ),
    "answered_message_is_of_the_same_case": (
        "SELECT r.id FROM messaging_reply r JOIN messaging_message m ON m.id = r.message_id "
        "WHERE r.case_id IS NULL OR m.case_id <> r.case_id"
    ),
    "answer_hash_is_sha256": "SELECT id FROM messaging_reply WHERE LENGTH(sha256) <> 64",
    "decided_answer_says_who_and_when": (
        "SELECT id FROM messaging_reply WHERE (decided_at IS NULL) <> (decided_by = '') "
        "OR (state = 'unread' AND decided_at IS NOT NULL)"
    ),
    "task_of_an_answer_has_its_day": (
        "SELECT id FROM messaging_reply WHERE (task = '') <> (task_on IS NULL) "
        "OR (task_done_on IS NOT NULL AND task = '')"
    ),
}
CHECKS = {"a message is as it was frozen": altered_messages}
