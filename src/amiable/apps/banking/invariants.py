"""What must always hold of bank lines: each query returns the rows that break the rule."""

from __future__ import annotations

INVARIANTS = {
    "posted_line_has_one_posted_match": """
        SELECT l.id FROM banking_statementline l
        LEFT JOIN banking_match m ON m.line_id = l.id AND m.state = 'posted'
        WHERE l.state = 'posted' GROUP BY l.id HAVING COUNT(m.id) <> 1
    """,
    "posted_match_is_of_a_posted_line": """
        SELECT m.id, l.state FROM banking_match m
        JOIN banking_statementline l ON l.id = m.line_id
        WHERE m.state = 'posted' AND l.state <> 'posted'
    """,
    "one_payment_pays_what_the_line_brought": """
        SELECT m.id, l.amount_minor, p.amount_minor AS paid FROM banking_match m
        JOIN banking_statementline l ON l.id = m.line_id
        JOIN payments_payment p ON p.id = m.payment_id
        WHERE m.state = 'posted' AND (p.amount_minor > l.amount_minor OR p.currency <> l.currency)
    """,
}
