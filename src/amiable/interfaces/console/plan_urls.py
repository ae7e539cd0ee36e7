"""Addresses of plan policies, and of plans that are proposed, offered or changed."""

from __future__ import annotations

from django.urls import URLPattern, path

from amiable.interfaces.console.views import plans

PATHS: list[URLPattern] = [
    path("plans/policies/", plans.policies, name="plan_policies"),
    path("plans/policies/set/", plans.policy_set, name="plan_policy_set"),
    path("plans/policies/<int:policy_id>/remove/", plans.policy_remove, name="plan_policy_remove"),
    path("plans/offer/", plans.offer, name="plan_offer"),
    path("plans/<int:plan_id>/change/", plans.change_plan, name="plan_change"),
    path("plans/proposals/<int:proposal_id>/", plans.decide, name="proposal_decide"),
    path("plans/proposals/<int:proposal_id>/withdraw/", plans.withdraw, name="proposal_withdraw"),
]
