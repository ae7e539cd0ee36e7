"""Two scenarios compared on payers drawn at random."""
