"""Scenarios lived before they are trusted: days ahead, and past days again."""
