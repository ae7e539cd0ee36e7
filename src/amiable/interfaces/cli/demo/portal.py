"""What customers of the demo do on their payment page, and what the house answers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from amiable.core.money import major
from amiable.interfaces.cli.demo import documents, doors
from amiable.interfaces.cli.demo.people import Client
from amiable.interfaces.cli.demo.story import Books

if TYPE_CHECKING:
    from amiable.apps.cases.codes import Purpose
    from amiable.apps.cases.disputed import Contested
    from amiable.apps.cases.files import CheckedFile
    from amiable.apps.cases.links import Link
    from amiable.apps.dunning.agreeing.offering import Offer
    from amiable.apps.dunning.portal import Saying
    from amiable.apps.insights.customer_file import CustomerFile
    from amiable.core.schedules import PlanPart

COLLECTOR = "Inès Boulay"
# A network kept for examples (RFC 5737): nobody's.
NETWORK, BROWSER, LANGUAGE, VERSION = "192.0.2.0/24", "Mozilla/5.0 (démonstration)", "fr", "demo"
SIGNED_AT = (18, 20)
CONTESTED = "Deux radiateurs sur quatre fuient depuis la pose. Photo jointe."
QUESTIONS = (
    ("Yann Prigent", "yann.prigent@demo.example", "As-tu le bon d'intervention signé ?"),
    ("Atelier", "atelier@demo.example", "Peut-on remplacer les deux radiateurs cette semaine ?"),
)
COLLEAGUE = "Oui, signé le jour de la pose avec une réserve sur deux radiateurs."
HOUSE = (
    "Bonjour, nous avons retrouvé la réserve sur le bon d'intervention. L'atelier prépare le "
    "remplacement ; la partie contestée attend. Pouvez-vous régler le reste ?"
)
CUSTOMER = "Merci. Oui pour le reste, dès que la date du remplacement est fixée."


def give_mandate(organization_id: int, client: Client, *, on: date) -> None:
    """Sign a mandate on the payment page."""
    from amiable.apps.customers.queries import ids_by_code
    from amiable.apps.dunning.debiting.signing import Agreed, mandate_agree
    from amiable.apps.dunning.writing.portal import portal_page
    from amiable.apps.insights.customer_file import customer_file

    customer_id = ids_by_code(organization_id, [client.code])[client.code]
    file = customer_file(organization_id, customer_id, on)
    if file is None or not file.case_ids:
        return
    link, now = _link(organization_id, file.case_ids[0], on), _at(on, *SIGNED_AT)
    text = (
        f"En signant ce mandat, {client.name} autorise le créancier à envoyer des instructions à "
        "sa banque pour débiter son compte, et sa banque à le débiter conformément à ces "
        "instructions."
    )
    agreed = Agreed(
        name=client.name[:70], iban=client.iban, scheme="CORE", is_one_off=False, text=text,
        language=LANGUAGE, version=VERSION, ticket=f"mandat-{client.code}", network=NETWORK,
        agent=BROWSER, proof=_proof(link, "mandate", client.email, now=now),
    )  # fmt: skip
    mandate_agree(portal_page(link, on=on), agreed, on=on, now=now)


def sign_plan(organization_id: int, story: Books, file: CustomerFile, on: date) -> None:
    """Choose a payment plan on the page, collected by direct debit, and sign it."""
    from amiable.apps.dunning.agreeing.offering import plan_offer
    from amiable.apps.dunning.agreeing.signing import Signing, plan_sign, text_digest
    from amiable.core.plans import Choice, first_day

    link, now = _link(organization_id, file.case_ids[0], on), _at(on, *SIGNED_AT)
    if plan_offer(link, on=on) is None:
        return
    give_mandate(organization_id, story.clients[file.customer.code], on=on)
    offer = plan_offer(link, on=on)
    if offer is None:
        raise doors.DemoError(f"{file.customer.code}: no plan is offered under its mandate")
    offer = replace(offer, is_debited=offer.means is not None)
    first_on = first_day(offer.policy, on=on, zone=offer.zone)
    choice = Choice(min(3, *offer.counts), first_on, by_debit=offer.is_debited)
    seen = text_digest(_agreement(offer, offer.parts(choice), acknowledges=False))
    signing = Signing(
        choice=choice, seen=seen, acknowledges=offer.may_acknowledge, language=LANGUAGE,
        ticket=f"plan-{file.customer.code}", version=VERSION, address=NETWORK, agent=BROWSER,
        proof=_proof(link, "plan", _email(file), now=now),
    )  # fmt: skip
    plan_sign(link, signing, write=_agreement, saying=_asked, on=on, now=now)


def contest(organization_id: int, _story: Books, file: CustomerFile, on: date) -> None:
    """Contest an invoice with a picture; a colleague is asked, the house answers, and so on."""
    from amiable.apps.cases import colleagues
    from amiable.apps.dunning.disputing import dispute_tell, dispute_write
    from amiable.apps.dunning.portal import Saying, portal_say, portal_told

    item = file.positions[0].items[0].item
    link, ticket = _link(organization_id, file.case_ids[0], on), f"litige-{file.customer.code}"
    half, lines = _half(organization_id, item.invoice_id, item.open_minor)
    saying = Saying(
        "dispute", f"Page de paiement : {item.number} est contestée", note=CONTESTED,
        amount_minor=half, installment_id=item.id, number=item.number, reason="quality",
        lines=lines,
    )  # fmt: skip
    portal_say(link, saying, files=_photo(), ticket=ticket, on=on, now=_at(on, 10, 12))
    told = portal_told(link, ticket)
    if told is None or told.dispute_id is None:
        return
    asked = [
        colleagues.question_ask(
            organization_id, told.dispute_id, name=name, email=email, question=question,
            now=_at(on, 10, 50), actor=COLLECTOR,
        )
        for name, email, question in QUESTIONS
    ]  # fmt: skip
    url = colleagues.question_url(organization_id, asked[0])
    found = colleagues.question_find(_token(url), on=on)
    if found is not None:
        colleagues.question_answer(found, COLLEAGUE, files=(), now=_at(on, 14, 5))
    dispute_tell(organization_id, told.dispute_id, HOUSE, now=_at(on, 15, 30), actor=COLLECTOR)
    dispute_write(
        link, told.dispute_id, text=CUSTOMER, ticket=f"suite-{ticket}", now=_at(on, 17, 40),
        subject=f"Page de paiement : message sur {item.number}, contestée",
    )  # fmt: skip


def _half(
    organization_id: int, invoice_id: int, open_minor: int
) -> tuple[int, tuple[Contested, ...]]:
    """What is contested: half of the dearest line, else half of what is open."""
    from amiable.apps.cases.disputed import Contested
    from amiable.apps.receivables.lines import invoice_lines

    found = invoice_lines(organization_id, invoice_id)
    if found is None:
        return open_minor // 2, ()
    line = max(found.rows, key=lambda row: row.gross_minor)
    half = min(line.gross_minor, open_minor) // 2
    return half, (Contested(line.pk, amount_minor=half),)


def _link(organization_id: int, case_id: int, on: date) -> Link:
    """What a link that somebody of the house made opens."""
    from amiable.apps.cases.links import link_find, link_make

    token = _token(link_make(organization_id, case_id, on=on, actor=COLLECTOR))
    link = link_find(token, on=on)
    if link is None:
        raise doors.DemoError(f"case {case_id}: its link opens nothing")
    return link


def _proof(link: Link, purpose: Purpose, email: str, *, now: datetime) -> str:
    """The code that was sent to an address, typed in."""
    from amiable.apps.cases.codes import Address, code_draw, code_try
    from amiable.core.masking import masked_email

    to = Address("email", email, masked_email(email))
    drawn = code_draw(link, purpose, to=to, ticket=f"code-{purpose}-{link.id}", now=now)
    proof = code_try(link, purpose, typed=drawn.code, now=now)
    return proof if isinstance(proof, str) else ""


def _email(file: CustomerFile) -> str:
    return next((point.value for point in file.points if point.kind == "email"), "")


def _token(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def _at(on: date, hour: int, minute: int) -> datetime:
    return doors.local(datetime.combine(on, time(hour, minute)))


def _photo() -> tuple[CheckedFile, ...]:
    from amiable.apps.cases.files import files_checked

    return files_checked([("radiateur.png", documents.photo())])


def _agreement(offer: Offer, parts: Sequence[PlanPart], *, acknowledges: bool) -> str:
    lines = [
        f"{offer.customer} règle à {offer.creditor} {_euros(offer.debt_minor)} en {len(parts)} "
        "échéances :",
        *(f"{n}. {part.due_on:%d/%m/%Y} : {_euros(part.amount_minor)}"
          for n, part in enumerate(parts, 1)),
        "Tant que l'échéancier est respecté, personne ne demande le reste.",
    ]  # fmt: skip
    if offer.is_debited and offer.means:
        lines.append(f"Chaque échéance est prélevée sur le compte {offer.means.account}.")
    if acknowledges:
        lines.append(
            f"Je reconnais devoir {_euros(offer.debt_minor)} à {offer.creditor} (C. civ. art. "
            "2240)."
        )
    return "\n".join(lines)


def _asked(offer: Offer, parts: Sequence[PlanPart]) -> Saying:
    from amiable.apps.dunning.portal import Saying

    subject = f"Page de paiement : propose {len(parts)} échéances pour {_euros(offer.debt_minor)}"
    return Saying("hardship", subject, words="Un échéancier proposé attend une décision")


def _euros(amount_minor: int) -> str:
    return f"{major(amount_minor).replace('.', ',')} €"
