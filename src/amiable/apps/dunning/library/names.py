"""What an organization calls a scenario: shipped ones have their name in its language."""

from __future__ import annotations

from django.utils import translation

from amiable.apps.tenants.models import Organization
from amiable.core.shipped import SHIPPED

_SHIPPED_NAMES = frozenset(definition.name for definition in SHIPPED.values())


def name_known(organization_id: int, name: str) -> str:
    """The name of a scenario as sentences keep it; a name of the organization's own as it is."""
    if name not in _SHIPPED_NAMES:
        return name
    rows = Organization.objects.filter(id=organization_id)
    with translation.override(rows.values_list("language", flat=True).get()):
        return translation.gettext(name)
