"""Who uses the software and in whose name: organizations, creditors, people and their roles."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models


def contact_caps_default() -> list[dict[str, object]]:
    """One call a day, and three contacts a week with a consumer: no statute counts contacts, but
    repeated unwanted solicitation is an aggressive practice (C. conso L121-6)."""
    return [
        {"medium": "phone", "kind": "", "count": 1, "days": 1},
        {"medium": "", "kind": "consumer", "count": 3, "days": 7},
    ]


class Organization(models.Model):
    """A tenant: a company, or an agency that collects for several creditors."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    language = models.CharField(max_length=8, default="fr")
    created_at = models.DateTimeField(auto_now_add=True)
    bank_data_max_age_days = models.PositiveIntegerField(null=True, blank=True)
    min_amount_minor = models.PositiveBigIntegerField(default=0)  # less is never chased
    contact_caps = models.JSONField(default=contact_caps_default)  # core.facts.Cap, as data
    test_recipient = models.EmailField(blank=True)  # set = test mode: every message goes here
    promise_grace_days = models.PositiveSmallIntegerField(default=3)
    promise_tolerance_pct = models.PositiveSmallIntegerField(default=95)
    # What a payer may keep of an invoice without a person being asked (core Limits); 0 = nothing.
    rest_cents_minor = models.PositiveBigIntegerField(default=99)
    rest_fee_minor = models.PositiveBigIntegerField(default=0)
    rest_discount_permille = models.PositiveSmallIntegerField(default=0)
    unread_reply_hold_days = models.PositiveSmallIntegerField(default=5)
    # How long the payment link of a message works, and for how long ahead its page takes a promise.
    portal_link_days = models.PositiveSmallIntegerField(default=180)
    portal_promise_days = models.PositiveSmallIntegerField(default=30)
    claim_days = models.PositiveSmallIntegerField(default=7)  # the bank is watched, nobody reminded
    # Codes before a signature there: for plans "always", "above" an amount, "never"; for mandates
    # unless a reason is given why not.
    code_for_plans = models.CharField(max_length=6, default="always")
    code_above_minor = models.PositiveBigIntegerField(default=0)
    mandate_code_waiver = models.CharField(max_length=200, blank=True)
    is_agency = models.BooleanField(default=False)  # collects for others: CPCE L124-1, R124-1
    address = models.JSONField(default=list)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)
    letter_window = models.CharField(max_length=40, blank=True)  # documents.window, "" = default
    call_tries = models.PositiveSmallIntegerField(default=3)  # calls in all, when nobody answers
    call_retry_days = models.PositiveSmallIntegerField(default=1)  # between two of them
    sms_part_minor = models.PositiveBigIntegerField(default=8)  # price of a part of a text, cents
    dial_address = models.CharField(max_length=200, default="tel:{number}")
    # One question once all is settled: on the payment page, by email, and how many days later.
    survey_on_portal = models.BooleanField(default=True)
    survey_by_email = models.BooleanField(default=False)
    survey_days = models.PositiveSmallIntegerField(default=2)

    def __str__(self) -> str:
        return self.name


class TenantModel(models.Model):
    """Every table of a tenant carries its organization; every query starts from it."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class User(AbstractUser):
    """A person who logs in with an email address."""

    email = models.EmailField(unique=True)
    language = models.CharField(max_length=8, default="fr")
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["username"]


class Membership(TenantModel):
    """A user's role in an organization."""

    class Role(models.TextChoices):
        MANAGER = "manager"
        COLLECTOR = "collector"
        ACCOUNTANT = "accountant"
        READER = "reader"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="membership_unique")
        ]


class Creditor(TenantModel):
    """The legal entity that is owed; its identity stands on every message."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    siren = models.CharField(max_length=9, blank=True)
    address = models.JSONField(default=list)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    brand_color = models.CharField(max_length=7, default="#1f4e79")
    signatory = models.CharField(max_length=120, blank=True)
    # From which stage messages claim interest and the fixed fee: "firm", "formal"; "" = never.
    claims_from = models.CharField(max_length=10, blank=True)
    # The rate of the sales terms between companies, in hundredths of a percent; null = the law's.
    late_rate_bp = models.PositiveIntegerField(null=True, blank=True)
    sender_email = models.EmailField(blank=True)  # the From of emails; replies go to `email`
    sms_sender = models.CharField(max_length=16, blank=True)
    logo = models.BinaryField(null=True, blank=True)  # PNG or JPEG, checked when it is taken in
    signature_image = models.BinaryField(null=True, blank=True)
    letter_window = models.CharField(max_length=40, blank=True)  # "" = the organization's
    # Direct debits: the creditor identifier ("" = none are collected), the account collected on
    # ("" = the creditor's), TARGET days the bank needs, days between announcement and collection.
    ics = models.CharField(max_length=35, blank=True)
    debit_iban = models.CharField(max_length=34, blank=True)
    debit_lead_days = models.PositiveSmallIntegerField(default=2)
    debit_notice_days = models.PositiveSmallIntegerField(default=14)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "code"], name="creditor_code_unique")
        ]

    def __str__(self) -> str:
        return self.name
