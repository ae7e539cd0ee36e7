"""The API of Merci Facteur as a client sees it, version 1.2.7: its public documentation is
https://github.com/MerciFacteur/Merci-facteur-API and https://www.merci-facteur.com/api/1.2.

Requests are forms whose fields `adress` and `content` hold JSON; an address has all of its eleven
keys, what is empty is "". An answer with success=false says that nothing was taken.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from amiable.plugins.base import Outgoing
from amiable.plugins.channels._addresses import address_parts

HOST, PATH = "www.merci-facteur.com", "/api/1.2/prod/service"
# What accounts without a fixed address of their own send in its place.
ANY_ADDRESS = "111.111.111"
MODES = frozenset({"normal", "suivi"})
REGISTERED = frozenset({"lrar", "lrare"})
_OPTIONS = frozenset(
    {"user", "from", "mode", "registered", "duplex", "npai", "webhook", "ip", "timeout", "ca_file"}
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def service_config(url: str) -> dict[str, Any]:
    """mercifacteur://SERVICE_ID:SECRET_KEY@?user=17460&from=123456&registered=lrare&webhook=...

    `user`, `from` = ids of the sending user and of the sender's address there; `mode` = normal or
    suivi; `registered` = lrare (the slip comes back scanned) or lrar; `duplex`, `npai` (what cannot
    be delivered goes back to the house) = 1; `webhook` = the key its calls carry; `ip` = addresses
    that may use the token. mercifacteur+http:// is for this machine only.
    """
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host, plain = parts.hostname or HOST, parts.scheme == "mercifacteur+http"
    numbers = (options.get("user", ""), options.get("from", ""))
    good = (
        parts.username and parts.password and not options.keys() - _OPTIONS
        and all(number.isdecimal() for number in numbers)
        and options.get("mode", "normal") in MODES
        and options.get("registered", "lrare") in REGISTERED
        and not (plain and host not in _LOOPBACK)
    )  # fmt: skip
    if not good:
        raise ValueError(
            "mercifacteur://SERVICE_ID:SECRET_KEY@?user=NUMBER&from=NUMBER, with the options "
            f"{', '.join(sorted(_OPTIONS))}; mode is normal or suivi, registered lrar or lrare"
        )
    return {
        "secure": not plain,
        "host": host,
        "port": parts.port or (80 if plain else 443),
        "path": parts.path.rstrip("/") or PATH,
        "service": unquote(parts.username or ""),
        "secret": unquote(parts.password or ""),
        "user": options["user"],
        "sender": int(options["from"]),
        "mode": options.get("mode", "normal"),
        "registered": options.get("registered", "lrare"),
        "duplex": options.get("duplex") == "1",
        "npai": options.get("npai") == "1",
        "webhook": options.get("webhook", ""),
        "ip": options.get("ip", ANY_ADDRESS),
        "timeout": float(options.get("timeout", 60)),
        "ca_file": options.get("ca_file", ""),
    }


def reference_of(key: str) -> str:
    """What the house knows a letter by: 30 signs at most, always the same for a key."""
    return f"am-{sha256(key.encode()).hexdigest()[:27]}"


def letter_form(message: Outgoing, config: Mapping[str, Any]) -> str:
    """The form that sends a letter. The reference keeps the house from taking it twice."""
    reference = reference_of(message.key)
    letter = {
        "files": "",
        "base64files": [base64.b64encode(message.content).decode()],
        "print_sides": "rectoverso" if config["duplex"] else "recto",
        "final_filename": reference,
    }
    registered = message.medium == "registered_letter"
    fields = {
        "idUser": config["user"],
        "modeEnvoi": config["registered"] if registered else config["mode"],
        "adress": json.dumps({"exp": config["sender"], "dest": [_recipient(message, reference)]}),
        "content": json.dumps({"letter": letter, "photo": "", "card": ""}),
        "designation": message.subject[:50],
        "antidoublon": reference,
    }
    return urlencode(fields | ({"gestionNpai": "1"} if config["npai"] and not registered else {}))


def _recipient(message: Outgoing, reference: str) -> dict[str, str]:
    address = address_parts(tuple(message.recipient.split("\n")))
    lines = list(address.lines)
    while len(lines) > 3:
        lines[:2] = [f"{lines[0]}, {lines[1]}"]
    first, second, third = (*lines, "", "", "")[:3]
    return {
        "civilite": "", "nom": "", "prenom": "", "societe": address.name[:90],
        "adresse1": first[:90], "adresse2": second[:90], "adresse3": third[:90],
        "cp": address.postcode, "ville": address.city[:70], "pays": address.country or "FRANCE",
        "reference": reference,
    }  # fmt: skip
