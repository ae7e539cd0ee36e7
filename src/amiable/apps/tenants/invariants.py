"""What must always hold between tenants: no row points into another organization."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import models

from amiable.apps.tenants.models import TenantModel


def rows_pointing_elsewhere() -> Iterator[str]:
    """Rows whose foreign key leads to a row of another organization, over every tenant table."""
    for model in apps.get_models():
        if not issubclass(model, TenantModel):
            continue
        for field in model._meta.local_fields:
            target = field.related_model
            if not isinstance(target, type) or not issubclass(target, TenantModel):
                continue
            strangers = model._default_manager.exclude(
                **{f"{field.name}__organization_id": models.F("organization_id")}
            ).filter(**{f"{field.name}__isnull": False})
            for row_id in strangers.values_list("id", flat=True)[:5]:
                yield f"{model.__name__} {row_id}: {field.name} is of another organization"


CHECKS = {"no row points into another organization": rows_pointing_elsewhere}
