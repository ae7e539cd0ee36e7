"""What must never be true of receivables: each query returns the rows that break the rule."""

INVARIANTS = {
    "a credit is never used for more than it is": """
        SELECT e.id FROM receivables_entry e
        JOIN receivables_allocation a ON a.credit_id = e.id
        GROUP BY e.id, e.amount_minor
        HAVING SUM(a.amount_minor) + (
            SELECT COALESCE(SUM(d.amount_minor), 0) FROM receivables_entry d
            WHERE d.draws_on_id = e.id) > -e.amount_minor
            OR SUM(a.amount_minor) < 0
    """,
    "what leaves a credit is of its account and never more than it": """
        SELECT e.id FROM receivables_entry d
        JOIN receivables_entry e ON e.id = d.draws_on_id
        GROUP BY e.id, e.amount_minor
        HAVING SUM(d.amount_minor) > -e.amount_minor OR SUM(d.amount_minor) < 0
        UNION ALL
        SELECT d.id FROM receivables_entry d
        JOIN receivables_entry e ON e.id = d.draws_on_id
        WHERE d.customer_id <> e.customer_id OR d.currency <> e.currency
           OR d.organization_id <> e.organization_id OR d.installment_id IS NOT NULL
           OR e.installment_id IS NOT NULL OR e.amount_minor >= 0
           OR d.kind NOT IN ('refund', 'transfer')
    """,
    "a credit that was reversed pays nothing": """
        SELECT e.id FROM receivables_entry e
        JOIN receivables_entry r ON r.reverses_id = e.id
        JOIN receivables_allocation a ON a.credit_id = e.id
        GROUP BY e.id HAVING SUM(a.amount_minor) <> 0
    """,
    "only a credit of the account is allocated": """
        SELECT a.id FROM receivables_allocation a
        JOIN receivables_entry e ON e.id = a.credit_id
        WHERE e.amount_minor >= 0 OR e.installment_id IS NOT NULL
    """,
    "an allocation stays with its customer and currency": """
        SELECT a.id FROM receivables_allocation a
        JOIN receivables_entry e ON e.id = a.credit_id
        JOIN receivables_installment i ON i.id = a.installment_id
        WHERE e.customer_id <> i.customer_id OR e.currency <> i.currency
           OR e.organization_id <> a.organization_id OR i.organization_id <> a.organization_id
    """,
    "an installment never owes less than nothing": """
        SELECT i.id FROM receivables_installment i
        WHERE (SELECT COALESCE(SUM(e.amount_minor), 0) FROM receivables_entry e
               WHERE e.installment_id = i.id)
            < (SELECT COALESCE(SUM(a.amount_minor), 0) FROM receivables_allocation a
               WHERE a.installment_id = i.id)
    """,
    "an installment is settled exactly when its balance is zero": """
        SELECT i.id FROM receivables_installment i
        WHERE (i.settled_on IS NOT NULL) <> (
            (SELECT COALESCE(SUM(e.amount_minor), 0) FROM receivables_entry e
             WHERE e.installment_id = i.id)
          = (SELECT COALESCE(SUM(a.amount_minor), 0) FROM receivables_allocation a
             WHERE a.installment_id = i.id))
    """,
    "a credit is noted as open exactly while something is left of it": """
        SELECT e.id FROM (
            SELECT e.id AS credit_id, e.amount_minor FROM receivables_entry e
            WHERE e.installment_id IS NULL AND e.amount_minor < 0 AND e.draws_on_id IS NULL
              AND e.reverses_id IS NULL AND e.kind <> 'books'
            UNION ALL
            SELECT a.credit_id, a.amount_minor FROM receivables_allocation a
            UNION ALL
            SELECT d.draws_on_id, d.amount_minor FROM receivables_entry d
            WHERE d.draws_on_id IS NOT NULL
            UNION ALL
            SELECT r.reverses_id, r.amount_minor FROM receivables_entry r
            WHERE r.reverses_id IS NOT NULL
            UNION ALL
            SELECT n.id, b.amount_minor FROM receivables_entry b
            JOIN receivables_entry n ON n.invoice_id = b.invoice_id AND n.kind = 'credit_note'
            WHERE b.kind = 'books' AND b.installment_id IS NULL
        ) moves
        CROSS JOIN receivables_entry e
        LEFT JOIN receivables_opencredit o ON o.credit_id = e.id
        WHERE e.id = moves.credit_id AND e.installment_id IS NULL AND e.amount_minor < 0
          AND e.draws_on_id IS NULL AND e.reverses_id IS NULL AND e.kind <> 'books'
        GROUP BY e.id, o.credit_id
        HAVING (SUM(moves.amount_minor) <> 0) <> (o.credit_id IS NOT NULL)
        UNION ALL
        SELECT e.id FROM receivables_opencredit o
        JOIN receivables_entry e ON e.id = o.credit_id
        WHERE o.customer_id <> e.customer_id OR o.organization_id <> e.organization_id
           OR e.installment_id IS NOT NULL OR e.amount_minor >= 0 OR e.draws_on_id IS NOT NULL
           OR e.reverses_id IS NOT NULL OR e.kind = 'books'
    """,
    "a customer's entries are its open installments less its unused credits": """
        SELECT c.id FROM customers_customer c
        WHERE (SELECT COALESCE(SUM(e.amount_minor), 0) FROM receivables_entry e
               WHERE e.customer_id = c.id)
           <> (SELECT COALESCE(SUM(e.amount_minor), 0) FROM receivables_entry e
               JOIN receivables_installment i ON i.id = e.installment_id
               WHERE i.customer_id = c.id)
            - (SELECT COALESCE(SUM(a.amount_minor), 0) FROM receivables_allocation a
               JOIN receivables_installment i ON i.id = a.installment_id
               WHERE i.customer_id = c.id)
            + (SELECT COALESCE(SUM(e.amount_minor), 0) FROM receivables_entry e
               WHERE e.customer_id = c.id AND e.installment_id IS NULL)
            + (SELECT COALESCE(SUM(a.amount_minor), 0) FROM receivables_allocation a
               JOIN receivables_entry e ON e.id = a.credit_id WHERE e.customer_id = c.id)
    """,
    "a reversal is the exact opposite of what it reverses": """
        SELECT r.id FROM receivables_entry r
        JOIN receivables_entry e ON e.id = r.reverses_id
        WHERE r.amount_minor <> -e.amount_minor OR r.customer_id <> e.customer_id
           OR r.currency <> e.currency
           OR COALESCE(r.installment_id, 0) <> COALESCE(e.installment_id, 0)
        UNION ALL
        SELECT r.id FROM receivables_allocation r
        JOIN receivables_allocation a ON a.id = r.reverses_id
        WHERE r.amount_minor <> -a.amount_minor OR r.credit_id <> a.credit_id
           OR r.installment_id <> a.installment_id
    """,
}
