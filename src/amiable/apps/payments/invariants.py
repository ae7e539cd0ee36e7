"""What must never be true of payments: each query returns the rows that break the rule."""

INVARIANTS = {
    "a payment and its entry say the same": """
        SELECT p.id FROM payments_payment p
        JOIN receivables_entry e ON e.id = p.entry_id
        WHERE e.amount_minor <> -p.amount_minor OR e.customer_id <> p.customer_id
           OR e.currency <> p.currency OR e.kind <> 'payment'
           OR e.organization_id <> p.organization_id
    """,
    "a payment returned has its entry reversed by the return": """
        SELECT r.id FROM payments_paymentreturn r
        JOIN payments_payment p ON p.id = r.payment_id
        JOIN receivables_entry e ON e.id = r.entry_id
        WHERE e.reverses_id IS NULL OR e.reverses_id <> p.entry_id OR e.kind <> 'return'
    """,
    "an entry of a return belongs to a return": """
        SELECT e.id FROM receivables_entry e
        WHERE e.kind = 'return'
          AND NOT EXISTS (SELECT 1 FROM payments_paymentreturn r WHERE r.entry_id = e.id)
    """,
}
