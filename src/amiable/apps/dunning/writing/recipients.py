"""Who a message is written to: contacts by role, else the usual one, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from amiable.apps.customers.models import Contact, ContactPoint
from amiable.apps.dunning.facts import is_mobile
from amiable.apps.receivables.queries import chunks
from amiable.core.drafts import Recipient
from amiable.core.scenario import Role
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "contact_role.accounts_payable": gettext_noop("accounts payable"),
        "contact_role.buyer": gettext_noop("buyer"),
        "contact_role.manager": gettext_noop("manager"),
        "contact_role.director": gettext_noop("director"),
        "contact_role.legal": gettext_noop("legal department"),
        "recipient.unknown_usual": gettext_noop(
            "No contact of the role {role} is known: written to the usual one."
        ),
        "recipient.unreachable_usual": gettext_noop(
            "No contact of the role {role} can be reached this way: written to the usual one."
        ),
        "recipient.unknown": gettext_noop(
            "No contact of the role {role} is known: the others are written to."
        ),
        "recipient.unreachable": gettext_noop(
            "No contact of the role {role} can be reached this way: the others are written to."
        ),
        "recipient.nobody_named": gettext_noop(
            "No contact of the role {role} is known: the letter is for nobody in particular."
        ),
        "recipient.electronic": gettext_noop(
            "It goes as an electronic registered letter to {address}, which equals one on paper "
            "(CPCE L100)."
        ),
        "recipient.no_consent": gettext_noop(
            "It goes on paper: a consumer gets electronic registered letters only after agreeing "
            "to them, and no address is noted as such (CPCE L100)."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Point:
    """An address or number that may be used; `role` "" = of nobody in particular."""

    medium: str  # email or phone
    value: str
    name: str = ""
    role: str = ""
    contact_id: int | None = None
    consents: bool = False  # to electronic registered letters


@dataclass(slots=True)
class Reach:
    """How a customer is reached: usable points in their order, and who is known by role."""

    points: list[Point] = field(default_factory=list)
    people: list[tuple[str, str]] = field(default_factory=list)  # role, name

    def usual(self, medium: str) -> Point | None:
        """The first point of nobody in particular, else the first of all."""
        fitting = self._fitting(medium)
        return next((p for p in fitting if not p.role), fitting[0] if fitting else None)

    def of_role(self, medium: str, role: str) -> list[Point]:
        """One point for each person of a role."""
        people: dict[object, Point] = {}
        for point in self._fitting(medium):
            if point.role == role:
                people.setdefault(point.contact_id or point.value, point)
        return list(people.values())

    def _fitting(self, medium: str) -> list[Point]:
        if medium == "sms":
            return [p for p in self.points if p.medium == "phone" and is_mobile(p.value)]
        return [p for p in self.points if p.medium == medium]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who a message goes to. `first` None = nobody can be reached by this medium."""

    first: Recipient | None = None
    copies: tuple[Recipient, ...] = ()
    notes: tuple[Sentence, ...] = ()


NOBODY = Chosen()


def chosen(reach: Reach, medium: str, *, roles: Sequence[Role] = ()) -> Chosen:
    """The recipients of a message for these roles, in their order.

    An email goes to all of them, the first in To; a call or a text to the first. A letter names
    one. When none is known or can be reached, it is the usual contact, and the notes say so.
    """
    if medium in {"letter", "registered_letter"}:
        return _named(reach, roles)
    found = {role: reach.of_role(medium, role) for role in roles}
    missing = [role for role in roles if not found[role]]
    people = [_recipient(point) for role in roles for point in found[role]]
    if not people:
        usual = reach.usual(medium)
        notes = tuple(_note(reach, role, "_usual") for role in missing) if usual else ()
        return Chosen(_recipient(usual) if usual else None, notes=notes)
    if medium != "email":
        return Chosen(people[0])
    return Chosen(people[0], _distinct(people), tuple(_note(reach, role, "") for role in missing))


def electronic(reach: Reach, named: Chosen, *, kind: str) -> Chosen:
    """A registered letter as it goes where a provider of electronic ones is configured: to the
    usual email address, to a consumer only where consent is noted (CPCE L100), else on paper."""
    usual = reach.usual("email")
    if kind == "consumer":
        usual = next((p for p in reach.points if p.medium == "email" and p.consents), None)
        if usual is None:
            return replace(named, notes=(*named.notes, Sentence("recipient.no_consent")))
    if usual is None:
        return named
    note = Sentence("recipient.electronic", {"address": usual.value})
    return Chosen(_recipient(usual), notes=(note,))


def reaches(organization_id: int, customer_ids: Collection[int]) -> dict[int, Reach]:
    """How each customer is reached, in two queries for any number."""
    found: dict[int, Reach] = defaultdict(Reach)
    for ids in chunks(customer_ids):
        points = ContactPoint.objects.filter(
            organization_id=organization_id,
            customer_id__in=ids,
            opted_out_at__isnull=True,
            invalid_since__isnull=True,
        ).order_by("position", "id")
        for customer_id, medium, value, name, role, contact_id, agreed_on in points.values_list(
            "customer_id", "kind", "value", "contact__name", "contact__role", "contact_id",
            "registered_consent_on",
        ):  # fmt: skip
            found[customer_id].points.append(
                Point(medium, value, name or "", role or "", contact_id, agreed_on is not None)
            )
        contacts = Contact.objects.filter(
            organization_id=organization_id, customer_id__in=ids
        ).exclude(role="")
        for customer_id, role, name in contacts.order_by("id").values_list(
            "customer_id", "role", "name"
        ):
            found[customer_id].people.append((role, name))
    return found


def _named(reach: Reach, roles: Sequence[Role]) -> Chosen:
    """A letter has one address; the first person of the roles is named on it."""
    for role in roles:
        name = next((name for known, name in reach.people if known == role and name), "")
        if name:
            return Chosen(Recipient("", name, role))
    notes = (Sentence("recipient.nobody_named", {"role": _words(role)}) for role in roles)
    return Chosen(notes=tuple(notes))


def _note(reach: Reach, role: Role, usual: str) -> Sentence:
    known = any(known == role for known, _ in reach.people)
    code = "unreachable" if known else "unknown"
    return Sentence(f"recipient.{code}{usual}", {"role": _words(role)})


def _words(role: Role) -> Sentence:
    return Sentence(f"contact_role.{role}")


def _recipient(point: Point) -> Recipient:
    return Recipient(point.value, point.name, point.role)


def _distinct(people: Sequence[Recipient]) -> tuple[Recipient, ...]:
    """Everybody but the first, each address once."""
    copies: dict[str, Recipient] = {}
    for person in people[1:]:
        if person.address.lower() != people[0].address.lower():
            copies.setdefault(person.address.lower(), person)
    return tuple(copies.values())
