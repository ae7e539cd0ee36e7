"""Reads of organizations and people."""

from __future__ import annotations

from amiable.apps.tenants.models import Creditor, Membership, Organization


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


def organization_by_id(organization_id: int) -> Organization:
    """An organization by its id. Raises Organization.DoesNotExist."""
    return Organization.objects.get(id=organization_id)


def creditors(organization_id: int) -> list[Creditor]:
    """Creditors of an organization, by code."""
    return list(Creditor.objects.filter(organization_id=organization_id).order_by("code"))


def membership(user_id: int) -> Membership | None:
    """The user's membership with its organization; the first one joined when there are several."""
    rows = Membership.objects.filter(user_id=user_id).select_related("organization")
    return rows.order_by("id").first()


def members(organization_id: int) -> list[tuple[int, str]]:
    """Users of an organization who may change something: id and name, by name."""
    rows = Membership.objects.filter(organization_id=organization_id).exclude(role="reader")
    found = [(row.user_id, row.user.get_full_name() or row.user.email)
             for row in rows.select_related("user")]  # fmt: skip
    return sorted(found, key=lambda each: each[1])


def organization_ids() -> list[int]:
    """Every organization of the installation."""
    return list(Organization.objects.order_by("id").values_list("id", flat=True))


def in_test_mode() -> list[tuple[str, str]]:
    """Slug and test address of the organizations whose messages reach nobody outside."""
    rows = Organization.objects.exclude(test_recipient="").order_by("slug")
    return list(rows.values_list("slug", "test_recipient"))


def books_lock(organization_id: int) -> None:
    """Hold the creditors' rows until the transaction ends: files enter their books one at a time.

    Another row than organization_lock's, which workers ask for between two heartbeats.
    """
    creditors = Creditor.objects.filter(organization_id=organization_id).order_by("id")
    list(creditors.select_for_update(no_key=True).values_list("id"))


def organization_lock(organization_id: int) -> None:
    """Hold the organization's row until the transaction ends (on SQLite the whole database is)."""
    Organization.objects.select_for_update(no_key=True).get(id=organization_id)
