"""Payout reports of payment providers, one file per provider."""
