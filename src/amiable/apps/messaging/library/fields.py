"""The values and blocks that a text may use, with what they are in plain words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from amiable.core.sentences import gettext_noop as _

Group = Literal["block", "money", "date", "party", "contact", "manner", "promise", "condition"]
BLOCKS = ("invoices", "payment", "mandate", "claims", "signature")
FILTERS: Mapping[str, str] = {
    "strong": _("in bold"),
    "plural": _("one word for one, another for several"),
    "de": _("French “de” or “d’” before a name"),
    "upcase": _("in capitals"),
    "downcase": _("in small letters"),
    "capitalize": _("with a capital first"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A value by its name; `label` and the names of groups are gettext messages. `may_lack` = it
    is not there in every message, so that a text has to ask for it first."""

    name: str
    label: str
    group: Group
    may_lack: bool = False

    @property
    def snippet(self) -> str:
        """What is put into the text for it."""
        value = f"{{{{ {self.name} }}}}"
        if self.group == "block":
            return f"\n\n{value}\n\n"
        if self.group == "condition":
            return f"{{% if {self.name} %}}…{{% endif %}}"
        return f"{{% if {self.name} %}}{value}{{% endif %}}" if self.may_lack else value


FIELDS: tuple[Field, ...] = (
    Field("invoices", _("The table of the invoices"), "block"),
    Field("payment", _("How to pay: account, reference, code to scan"), "block"),
    Field("signature", _("The closing words and who signs"), "block"),
    Field("mandate", _("What law has an agency say"), "block"),
    Field("claims", _("The table of interest and fixed fee claimed"), "block"),
    Field("total", _("The amount asked for"), "money"),
    Field("principal", _("The amount of the invoices alone, without interest or fee"), "money"),
    Field("claims_total", _("Interest and fixed fee claimed"), "money", may_lack=True),
    Field("count", _("How many invoices"), "money"),
    Field("reference", _("The reference to pay with"), "money"),
    Field("first_number", _("The number of the oldest invoice"), "money"),
    Field("first_due", _("The due date of the oldest invoice"), "date"),
    Field("max_late", _("Days late of the oldest invoice"), "date"),
    Field("today", _("The date of the message"), "date"),
    Field("deadline", _("The last day to pay"), "date", may_lack=True),
    Field("previous_contact", _("The date of the last message"), "date", may_lack=True),
    Field("creditor", _("The creditor's name"), "party"),
    Field("creditor_siren", _("The creditor's SIREN"), "party", may_lack=True),
    Field("collector", _("The agency's name"), "party", may_lack=True),
    Field("customer", _("The customer's name"), "party"),
    Field("customer_siren", _("The customer's SIREN"), "party", may_lack=True),
    Field("customer_code", _("The customer's code"), "party"),
    Field("contact", _("Telephone and email of who writes"), "contact", may_lack=True),
    Field("short_contact", _("Telephone, else email, of who writes"), "contact", may_lack=True),
    Field("phone", _("Telephone of who writes"), "contact", may_lack=True),
    Field("email", _("Email of who writes"), "contact", may_lack=True),
    Field("hello", _("The greeting that suits the medium"), "manner"),
    Field("this", _("“this message” or “this letter”"), "manner"),
    Field("reply", _("The words that ask for an answer"), "manner"),
    Field("ignore", _("The sentence for those who have just paid"), "manner"),
    Field("enclosed", _("The sentence that names what is attached"), "manner"),
    Field("attached", _("How many invoices are attached"), "manner"),
    Field("thread_subject", _("The subject of the conversation that goes on"), "manner",
          may_lack=True),
    Field("promised_amount", _("The amount that was promised"), "promise", may_lack=True),
    Field("promised_on", _("The day it was promised for"), "promise", may_lack=True),
    Field("promise_made_on", _("The day the promise was made"), "promise", may_lack=True),
    Field("promise_received", _("What came of it so far"), "promise", may_lack=True),
    Field("next_instalment_on", _("The day of the next instalment"), "promise", may_lack=True),
    Field("next_instalment_amount", _("The amount of the next instalment"), "promise",
          may_lack=True),
    Field("returned_on", _("The day the payment came back"), "promise", may_lack=True),
    Field("return_reason", _("Why the payment came back"), "promise", may_lack=True),
    Field("numbers", _("The numbers of the invoices"), "promise"),
    Field("agreed_amount", _("The amount agreed in a call"), "promise", may_lack=True),
    Field("agreed_on", _("The day agreed in a call"), "promise", may_lack=True),
    Field("agreed_at", _("The hour agreed in a call"), "promise", may_lack=True),
    Field("agreed_schedule", _("The instalments of the plan, one a line"), "promise",
          may_lack=True),
    Field("agreed_answer", _("What you answered to a proposed plan or to a dispute"), "promise",
          may_lack=True),
    Field("mandate_reference", _("The reference of the mandate (RUM)"), "promise", may_lack=True),
    Field("mandate_scheme", _("The scheme of the mandate: CORE or B2B"), "promise", may_lack=True),
    Field("creditor_identifier", _("The creditor's identifier (ICS)"), "promise", may_lack=True),
    Field("debited_account", _("The account that is debited, masked"), "promise", may_lack=True),
    Field("disputed_number", _("The invoice disputed in a call"), "promise", may_lack=True),
    Field("dispute_reason", _("Why it is disputed"), "promise", may_lack=True),
    Field("kind", _("The kind of customer: company, consumer or public"), "condition"),
    Field("in_plan", _("Only when an instalment of a plan is meant"), "condition"),
    Field("new_account", _("Only when another bank account has to be given"), "condition"),
)  # fmt: skip
BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}

# Words that people write for a value: French, English, and the names other systems use.
_MEANT: Mapping[str, str] = {
    "montant": "total", "somme": "total", "amount": "total", "balance": "total", "solde": "total",
    "client": "customer", "debiteur": "customer", "debtor": "customer", "nom": "customer",
    "creancier": "creditor", "entreprise": "creditor", "company": "creditor",
    "factures": "invoices", "facture": "first_number", "invoice": "first_number",
    "echeance": "first_due", "due_date": "first_due", "retard": "max_late", "late": "max_late",
    "date": "today", "paiement": "payment", "pay": "payment", "telephone": "phone",
    "courriel": "email", "mail": "email", "bonjour": "hello", "greeting": "hello",
    "delai": "deadline", "date_limite": "deadline", "nombre": "count", "code": "customer_code",
}  # fmt: skip


def nearest_name(name: str) -> str:
    """The value that was probably meant by a name that is none; "" when nothing is near."""
    if name.startswith("_"):
        return ""
    plain = name.lower().replace("-", "_").partition(".")[0]
    if plain in BY_NAME or plain in _MEANT:
        return _MEANT.get(plain, plain)
    near = difflib.get_close_matches(plain, [*BY_NAME, *_MEANT], n=1, cutoff=0.6)
    return _MEANT.get(near[0], near[0]) if near else ""
