"""Amicable debt recovery: receivables in, reminders out, money matched, figures proved."""

__version__ = "0.1.0"
