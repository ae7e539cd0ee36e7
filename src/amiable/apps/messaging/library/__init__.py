"""Texts that an organization writes in the place of the shipped ones: kept, checked, chosen."""
