"""What must never be true of bank lines: each query returns the rows that break the rule."""

INVARIANTS = {
    "a posted match has its payment, the payment it took back, the refund or payout it is": """
        SELECT m.id FROM banking_match m
        WHERE m.state = 'posted'
          AND CASE WHEN m.payment_id IS NULL THEN 0 ELSE 1 END
            + CASE WHEN m.returned_payment_id IS NULL THEN 0 ELSE 1 END
            + CASE WHEN m.refund_id IS NULL THEN 0 ELSE 1 END
            + CASE WHEN m.refund_file_id IS NULL THEN 0 ELSE 1 END
            + CASE WHEN m.payout_id IS NULL THEN 0 ELSE 1 END <> 1
    """,
    "a refund is settled exactly by the line that shows it leave, to the cent": """
        SELECT d.id FROM payments_creditdecision d
        WHERE (d.settled_on IS NOT NULL) <> EXISTS (
            SELECT 1 FROM banking_match m JOIN banking_statementline l ON l.id = m.line_id
            WHERE m.state = 'posted' AND l.currency = d.currency
              AND (m.refund_file_id = d.file_id
                   OR (m.refund_id = d.id AND l.amount_minor = -d.amount_minor)))
    """,
    "refunds that left in one sum come to their line, to the cent": """
        SELECT m.id FROM banking_match m
        JOIN banking_statementline l ON l.id = m.line_id
        LEFT JOIN payments_creditdecision d ON d.file_id = m.refund_file_id AND NOT EXISTS (
            SELECT 1 FROM banking_match o WHERE o.refund_id = d.id AND o.state = 'posted')
        WHERE m.state = 'posted' AND m.refund_file_id IS NOT NULL
        GROUP BY m.id, l.amount_minor
        HAVING COALESCE(SUM(d.amount_minor), 0) <> -l.amount_minor
    """,
    "a payout that reached the bank did so by its amount, and entered nothing": """
        SELECT m.id FROM banking_match m
        JOIN banking_statementline l ON l.id = m.line_id
        JOIN payments_payout p ON p.id = m.payout_id
        WHERE m.state = 'posted'
          AND (l.amount_minor <> p.net_minor OR l.currency <> p.currency
               OR p.organization_id <> m.organization_id OR m.payment_id IS NOT NULL)
    """,
    "a posted match, its line and its payment agree on the amount": """
        SELECT m.id FROM banking_match m
        JOIN banking_statementline l ON l.id = m.line_id
        JOIN payments_payment p ON p.id = m.payment_id
        WHERE m.state = 'posted'
          AND ((m.kind <> 'shared' AND p.amount_minor <> l.amount_minor)
               OR p.currency <> l.currency OR p.customer_id <> m.customer_id)
        UNION ALL
        SELECT m.id FROM banking_match m
        JOIN banking_statementline l ON l.id = m.line_id
        JOIN payments_payment p ON p.id = m.returned_payment_id
        WHERE m.state = 'posted'
          AND ((m.kind <> 'shared' AND p.amount_minor <> -l.amount_minor)
               OR p.currency <> l.currency OR p.customer_id <> m.customer_id)
    """,
    "the payments of a line shared over customers come to it, to the cent": """
        SELECT l.id FROM banking_statementline l
        JOIN banking_match m ON m.line_id = l.id AND m.state = 'posted'
        LEFT JOIN payments_payment p ON p.id = m.payment_id
        WHERE l.amount_minor > 0
        GROUP BY l.id, l.amount_minor
        HAVING SUM(CASE WHEN m.kind = 'shared' THEN 1 ELSE 0 END) > 0
           AND (SUM(CASE WHEN m.kind = 'shared' THEN p.amount_minor ELSE 0 END) <> l.amount_minor
                OR SUM(CASE WHEN m.kind = 'shared' THEN 0 ELSE 1 END) > 0)
    """,
    "the return of a shared line takes payments back, and no more than it": """
        SELECT l.id FROM banking_statementline l
        JOIN banking_match m ON m.line_id = l.id AND m.state = 'posted' AND m.kind = 'shared'
        LEFT JOIN payments_payment p ON p.id = m.returned_payment_id
        WHERE l.amount_minor < 0
        GROUP BY l.id, l.amount_minor
        HAVING COALESCE(SUM(p.amount_minor), 0) NOT BETWEEN 1 AND -l.amount_minor
            OR COUNT(p.id) <> COUNT(m.id)
    """,
    "a line is posted exactly when one of its matches is": """
        SELECT l.id FROM banking_statementline l
        WHERE (l.state = 'posted') <> EXISTS (
            SELECT 1 FROM banking_match m WHERE m.line_id = l.id AND m.state = 'posted')
    """,
    "a line is proposed exactly when a proposal stands, but that of a payout on a posted one": """
        SELECT l.id FROM banking_statementline l
        WHERE (l.state = 'proposed') <> EXISTS (
            SELECT 1 FROM banking_match m WHERE m.line_id = l.id AND m.state = 'proposed'
              AND (l.state <> 'posted' OR m.payout_id IS NULL))
    """,
    "a payment of an undone match is reversed": """
        SELECT m.id FROM banking_match m
        JOIN payments_payment p ON p.id = m.payment_id
        WHERE m.state = 'undone'
          AND NOT EXISTS (SELECT 1 FROM receivables_entry r WHERE r.reverses_id = p.entry_id)
    """,
    "a match never spreads more than its line": """
        SELECT m.id FROM banking_match m
        JOIN receivables_entry e ON e.id = (
            SELECT p.entry_id FROM payments_payment p WHERE p.id = m.payment_id)
        JOIN receivables_allocation a ON a.credit_id = e.id
        JOIN banking_statementline l ON l.id = m.line_id
        GROUP BY m.id, l.amount_minor HAVING SUM(a.amount_minor) > l.amount_minor
    """,
    "a line is split exactly when details stand for it, and they sum to it": """
        SELECT l.id FROM banking_statementline l
        LEFT JOIN banking_batch b ON b.line_id = l.id AND b.state = 'split'
        WHERE l.state = 'split' OR b.id IS NOT NULL
        GROUP BY l.id, l.state, l.amount_minor
        HAVING l.state <> 'split' OR COALESCE(SUM(b.amount_minor), 0) <> l.amount_minor
    """,
    "the parts of a batch sum to it, and are money only once it is split": """
        SELECT b.id FROM banking_batch b
        LEFT JOIN banking_statementline l ON l.batch_id = b.id
        GROUP BY b.id, b.amount_minor, b.state
        HAVING COALESCE(SUM(l.amount_minor), 0) <> b.amount_minor
            OR SUM(CASE WHEN (l.state = 'awaited') = (b.state = 'split') THEN 1 ELSE 0 END) > 0
    """,
    "a rest that was given up stands in an entry of its payment": """
        SELECT r.id FROM banking_rest r
        JOIN banking_match m ON m.id = r.match_id AND m.state = 'posted'
        JOIN payments_payment p ON p.id = m.payment_id
        WHERE r.state IN ('within', 'approved') AND r.until IS NULL AND NOT EXISTS (
            SELECT 1 FROM receivables_entry e
            WHERE e.kind = 'write_off' AND e.installment_id = r.installment_id
              AND e.source = p.external_id AND e.amount_minor = -r.amount_minor)
    """,
    "a rest waits, or stands, only while its match does": """
        SELECT r.id FROM banking_rest r JOIN banking_match m ON m.id = r.match_id
        WHERE r.state IN ('waiting', 'within', 'disputed', 'approved') AND m.state <> 'posted'
    """,
}
