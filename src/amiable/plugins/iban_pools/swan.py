"""Virtual IBANs of an account at Swan, by its GraphQL API.

Sources: docs.swan.io "Get a project access token" (OAuth 2 client credentials, an hour's bearer
token) and "Get bank details, list of virtual IBANs"; api-reference.swan.io "Account":
virtualIbanEntries(first, after), a connection of pages with id, IBAN, BIC and status.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from amiable.core.records import VirtualIbanRow
from amiable.core.virtual_ibans import iban_clean
from amiable.plugins.channels._calls import NoAnswerError, NothingSentError, Said, asked
from amiable.plugins.channels._hosts import is_near

TIMEOUT_SECONDS = 30
LARGEST = 4 * 1024 * 1024  # octets of one answer
PAGE, MOST_PAGES = 100, 5_000
OAUTH_PATH = "/oauth2/token"
API_PATHS = {"live": "/live-partner/graphql", "sandbox": "/sandbox-partner/graphql"}
QUERY = """query pool($account: ID!, $first: Int!, $after: String) {
  account(accountId: $account) {
    virtualIbanEntries(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges { node { id IBAN BIC status } }
    }
  }
}"""


class SwanError(OSError):
    """Swan did not answer, or did not say what its documentation says."""


class Swan:
    """Config: `client_id`, `client_secret`, `account`, `environment` (live or sandbox), and where
    the two servers are."""

    code = "swan"
    label = "Swan"
    schemes = frozenset({"swan", "swan+http"})

    def configure(self, url: str) -> dict[str, Any]:
        """swan://CLIENT_ID:CLIENT_SECRET@live/ACCOUNT_ID (or @sandbox); another host is a proxy of
        both servers, and swan+http:// only leads to one of this machine or network."""
        parts = urlsplit(url)
        host, account = parts.hostname or "", unquote(parts.path).strip("/")
        told = dict(parse_qsl(parts.query, keep_blank_values=True))
        secure = parts.scheme == "swan"
        complete = parts.username and parts.password and host and account and "/" not in account
        if parts.scheme not in self.schemes or not complete or set(told) - {"environment"}:
            raise ValueError("Swan reads swan://CLIENT_ID:CLIENT_SECRET@live/ACCOUNT_ID")
        if not secure and not is_near(host):
            raise ValueError("swan+http:// sends the secret in clear: only to a host nearby")
        named = host in API_PATHS
        environment = host if named else told.get("environment", "live")
        if environment not in API_PATHS or (named and told):
            raise ValueError("environment is live or sandbox")
        common = {"secure": secure, "ca_file": "", "timeout": TIMEOUT_SECONDS}
        port = parts.port or (443 if secure else 80)
        return {
            "client_id": unquote(parts.username or ""),
            "client_secret": unquote(parts.password or ""),
            "account": account,
            "path": API_PATHS[environment],
            "oauth": {**common, "host": "oauth.swan.io" if named else host, "port": port},
            "api": {**common, "host": "api.swan.io" if named else host, "port": port},
        }

    def ibans(self, config: Mapping[str, Any]) -> list[VirtualIbanRow]:
        """All pages, then all rows. Raises SwanError."""
        token = _token(config)
        rows: list[VirtualIbanRow] = []
        after: str | None = None
        for _ in range(MOST_PAGES):
            found = _page(config, token, after)
            rows += [_row(len(rows) + at, edge) for at, edge in enumerate(found["edges"], 1)]
            info = found["pageInfo"]
            if not info["hasNextPage"]:
                return rows
            if not info["endCursor"] or info["endCursor"] == after:
                break
            after = info["endCursor"]
        raise SwanError("Swan's pages do not end: nothing was taken")


def _token(config: Mapping[str, Any]) -> str:
    """A project access token, good for an hour."""
    form = {
        "client_id": config["client_id"],
        "client_secret": config["client_secret"],
        "grant_type": "client_credentials",
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(form).encode()
    said = _said(config["oauth"], OAUTH_PATH, headers, body)
    if said.status in {400, 401, 403}:
        raise SwanError("Swan refuses the client id or its secret: make a new one in the dashboard")
    token = _json(said).get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise SwanError("Swan's answer holds no access token")
    return token


def _page(config: Mapping[str, Any], token: str, after: str | None) -> dict[str, Any]:
    """One page: `edges` and `pageInfo`."""
    variables = {"account": config["account"], "first": PAGE, "after": after}
    body = json.dumps({"query": QUERY, "variables": variables}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    answer = _json(_said(config["api"], config["path"], headers, body))
    errors = answer.get("errors")
    if errors:
        first = errors[0] if isinstance(errors, list) else errors
        message = first.get("message") if isinstance(first, dict) else first
        raise SwanError(f"Swan refuses: {str(message)[:200]}")
    account = (answer.get("data") or {}).get("account")
    if not account:
        raise SwanError("Swan knows no such account, or does not show it to this project")
    try:
        found: dict[str, Any] = account["virtualIbanEntries"]
        shape = [edge["node"]["id"] for edge in found["edges"]], found["pageInfo"]["hasNextPage"]
    except (KeyError, TypeError) as error:
        raise SwanError("Swan's answer is not the list that it documents") from error
    if len(shape[0]) > PAGE:
        raise SwanError("Swan's page is longer than it was asked for")
    return found


def _row(line: int, edge: Mapping[str, Any]) -> VirtualIbanRow:
    """Only what is Enabled takes money: suspended and canceled ones are closed."""
    node = edge["node"]
    return VirtualIbanRow(
        line=line,
        iban=iban_clean(str(node.get("IBAN") or "")),
        bic=iban_clean(str(node.get("BIC") or "")),
        reference=str(node["id"])[:80],
        is_closed=node.get("status") != "Enabled",
    )


def _said(server: Mapping[str, Any], path: str, headers: Mapping[str, str], body: bytes) -> Said:
    try:
        said = asked(server, "POST", path, headers=headers, body=body, largest=LARGEST)
    except (NothingSentError, NoAnswerError) as error:
        raise SwanError(f"Swan does not answer: {str(error)[:200]}") from error
    if len(said.octets) > LARGEST:
        raise SwanError("Swan's answer is too long")
    if said.status == 429:
        wait = f" in {said.retry_after[:20]} seconds" if said.retry_after else " later"
        raise SwanError(f"Swan is asked too often: try again{wait}")
    return said


def _json(said: Said) -> dict[str, Any]:
    if said.status != 200:
        raise SwanError(f"Swan answers {said.status}")
    try:
        answer = json.loads(said.octets)
    except (ValueError, RecursionError) as error:
        raise SwanError("Swan's answer is no JSON") from error
    if not isinstance(answer, dict):
        raise SwanError("Swan's answer is not what it documents")
    return answer


PLUGIN = Swan()
