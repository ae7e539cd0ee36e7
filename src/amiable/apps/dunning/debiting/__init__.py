"""Direct debits of cases: what may be collected, announced, handed over, and what came of it."""
