"""Writes of organizations, creditors and the people who work for them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from stdnum import iban as iban_number
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siren as siren_number

from amiable.apps.tenants.models import Creditor, Membership, Organization, User


def organization_create(
    *, slug: str, name: str, language: str = "fr", min_amount_minor: int = 0
) -> Organization:
    """A new tenant. `min_amount_minor` = sum under which no case is chased, 0 = none."""
    return Organization.objects.create(
        slug=slug, name=name, language=language, min_amount_minor=min_amount_minor
    )


def creditor_create(
    organization_id: int,
    *,
    code: str,
    name: str,
    siren: str = "",
    iban: str = "",
    bic: str = "",
    email: str = "",
    phone: str = "",
    address: Sequence[str] = (),
    signatory: str = "",
    brand_color: str = "#1f4e79",
) -> Creditor:
    """A legal entity that is owed. Raises ValueError for a SIREN or IBAN with a wrong key."""
    return Creditor.objects.create(
        organization_id=organization_id,
        code=code,
        name=name,
        siren=_checked("SIREN", siren, siren_number),
        iban=_checked("IBAN", iban, iban_number),
        bic=bic.replace(" ", "").upper(),
        email=email,
        phone=phone,
        address=list(address),
        signatory=signatory,
        brand_color=brand_color,
    )


@transaction.atomic
def user_create(
    organization_id: int,
    *,
    email: str,
    password: str,
    name: str = "",
    role: str = Membership.Role.MANAGER,
    language: str = "fr",
) -> User:
    """A person who logs in with an email address, with a role in one organization."""
    first, _, last = name.partition(" ")
    user = User.objects.create_user(
        username=email,
        email=email,
        password=password,
        first_name=first,
        last_name=last,
        language=language,
    )
    Membership.objects.create(organization_id=organization_id, user=user, role=role)
    return user


def _checked(label: str, value: str, module: object) -> str:
    """The compact form of a number with a check key; blank stays blank."""
    if not value.strip():
        return ""
    try:
        compact: str = module.validate(value)  # type: ignore[attr-defined]
    except NumberError as error:
        raise ValueError(f"{label} {value!r}: {error}") from error
    return compact
