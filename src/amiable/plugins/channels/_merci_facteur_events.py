"""What Merci Facteur tells of letters, in our words (documentation: "webhooks", "statuts")."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from amiable.core.delivery import EventKind, ReportedEvent
from amiable.plugins.inbound import HookRequest

# detail[].statut_courrier (documentation, "statuts"); what says nothing new is left out.
_KINDS: Mapping[str, EventKind] = {
    "pris_en_charge": "deposited", "scan_pdd": "deposited",
    "attente_au_guichet": "presented",
    "distribue": "delivered", "retour_are": "accepted",
    "non_distribuable": "returned", "retour_expediteur": "returned",
    "distribue_expediteur": "returned",
    # Electronic registered letters.
    "envoye": "deposited", "accept_wait": "presented", "accepted": "accepted",
    "accepted_downloaded": "accepted", "refused": "refused", "expired": "unclaimed",
    "accept_notification_error": "bounced",
}  # fmt: skip
_BACK = frozenset({"retour_expediteur", "distribue_expediteur"})
_ADDRESS = re.compile(r"adress|inconnu|npai|n.habite", re.I)
_REFUSED, _UNCLAIMED = re.compile(r"refus", re.I), re.compile(r"non r[ée]clam", re.I)


def told(request: HookRequest) -> tuple[ReportedEvent, ...]:
    """What a call says of letters: `event` and `detail`, two fields of a form that hold JSON, or
    one JSON. Raises ValueError, TypeError or KeyError for what cannot be read."""
    text = request.body.decode()
    if "json" in request.headers.get("content-type", ""):
        whole = json.loads(text)
    else:
        form = parse_qs(text, strict_parsing=True, max_num_fields=20)
        whole = {name: json.loads(form[name][0]) for name in ("event", "detail")}
    event, details = whole["event"], whole["detail"]
    if not isinstance(event, Mapping) or not all(isinstance(each, Mapping) for each in details):
        raise TypeError("objects are expected")
    return tuple(filter(None, (_event(event, each) for each in details)))


def _event(event: Mapping[str, Any], detail: Mapping[str, Any]) -> ReportedEvent | None:
    """What one letter is told of; None for a step that changes nothing."""
    status, said = str(detail.get("statut_courrier")), str(detail.get("statut_description", ""))
    kind = _KINDS.get(status)
    if kind is None:
        return None
    if kind == "returned" and _REFUSED.search(said):
        kind = "refused"
    elif kind == "returned" and _UNCLAIMED.search(said):
        kind = "unclaimed"
    elif status in _BACK and not _ADDRESS.search(said):
        return None  # it came back, and nobody says that the address is to blame
    registered = str(detail.get("mode_envoi", "")).startswith(("lrar", "ere"))
    if kind == "delivered" and registered:
        kind = "accepted"
    seconds = int(event["date_event"])
    return ReportedEvent(
        kind,
        event_id=f"{detail.get('ref_courrier')}:{status}:{seconds}"[:200],
        at=datetime.fromtimestamp(seconds, UTC),
        provider_id=str(detail.get("ref_interne", ""))[:200],
        number=str(detail.get("tracking_number") or "")[:40],
        detail=said[:500],
    )
