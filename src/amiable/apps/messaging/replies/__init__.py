"""What debtors answer: fetched, stored once, matched to their case, read."""
