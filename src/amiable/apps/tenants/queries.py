"""Reads of organizations and people."""

from __future__ import annotations

from amiable.apps.tenants.models import Creditor, Organization


def organization(slug: str | None = None) -> Organization:
    """The organization of that slug, or the only one. Raises LookupError naming the choices."""
    if slug:
        found = Organization.objects.filter(slug=slug).first()
        if found:
            return found
    slugs = list(Organization.objects.order_by("slug").values_list("slug", flat=True)[:20])
    if not slugs:
        raise LookupError("there is no organization yet: run `amiable init` or `amiable demo`")
    if slug:
        raise LookupError(f"no organization {slug!r}; there are: {', '.join(slugs)}")
    if len(slugs) > 1:
        raise LookupError(f"say --organization SLUG, one of: {', '.join(slugs)}")
    return Organization.objects.get()


def creditors(organization_id: int) -> list[Creditor]:
    """Creditors of an organization, by code."""
    return list(Creditor.objects.filter(organization_id=organization_id).order_by("code"))
