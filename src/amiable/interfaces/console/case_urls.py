"""Addresses of what is changed on a customer's file."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import cases, customers, links

PATHS: list[URLPattern] = [
    path("holds/", cases.hold_place, name="hold_place"),
    path("holds/<int:hold_id>/lift/", cases.hold_lift, name="hold_lift"),
    path("disputes/open/", cases.dispute_open, name="dispute_open"),
    path("disputes/<int:dispute_id>/withdraw/", cases.dispute_withdraw, name="dispute_withdraw"),
    path("promises/", cases.promise_record, name="promise_record"),
    path("promises/<int:promise_id>/cancel/", cases.promise_cancel, name="promise_cancel"),
    path("plans/", cases.plan_record, name="plan_record"),
    path("plans/preview/", cases.plan_preview, name="plan_preview"),
    path("plans/<int:plan_id>/cancel/", cases.plan_cancel, name="plan_cancel"),
    path("actions/<int:action_id>/call/", cases.call, name="action_call"),
    path("customers/<int:customer_id>/facts/<slug:fact>/", customers.fact, name="customer_fact"),
    path("customers/<int:customer_id>/contacts/", customers.contact_add, name="contact_add"),
    path("contacts/<int:contact_id>/role/", customers.contact_role, name="contact_role"),
    path("contacts/<int:contact_id>/remove/", customers.contact_remove, name="contact_remove"),
    path("customers/<int:customer_id>/address/", customers.address_mark, name="address_mark"),
    path("points/<int:point_id>/consent/", customers.point_consent, name="point_consent"),
    path("points/<int:point_id>/mark/", customers.point_mark, name="point_mark"),
    path("links/", links.make, name="link_make"),
    path("links/revoke/", links.revoke, name="link_revoke"),
]
