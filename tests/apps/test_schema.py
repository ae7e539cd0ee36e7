"""Rules of the schema that hold for every table."""

from django.apps import apps

from amiable.apps.tenants.models import Organization, TenantModel, User


def test_every_tenant_table_carries_its_organization():
    ours = [m for m in apps.get_models() if m.__module__.startswith("amiable.")]
    exempt = {Organization, User}
    bare = [
        m.__name__
        for m in ours
        if m not in exempt and "organization_id" not in {f.attname for f in m._meta.fields}
    ]
    assert bare == []
    assert len([m for m in ours if issubclass(m, TenantModel)]) > 20
