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
    "a refund or a move that stands has taken its amount from its credit": """
        SELECT d.id FROM payments_creditdecision d
        WHERE d.undone_on IS NULL AND d.kind IN ('refund', 'transferred')
          AND NOT EXISTS (
            SELECT 1 FROM receivables_entry e
            WHERE e.draws_on_id = d.credit_id AND e.source = 'decision:' || d.id
              AND e.amount_minor = d.amount_minor AND e.reverses_id IS NULL
              AND NOT EXISTS (
                SELECT 1 FROM receivables_entry r WHERE r.reverses_id = e.id))
    """,
    "what is moved leaves one account and reaches another, to the cent": """
        SELECT d.id FROM payments_creditdecision d
        JOIN receivables_entry e ON e.source = 'decision:' || d.id AND e.kind = 'transfer'
        WHERE d.kind = 'transferred'
        GROUP BY d.id, d.customer_id, d.to_customer_id
        HAVING SUM(e.amount_minor) <> 0 OR COUNT(DISTINCT e.customer_id) <> 2
    """,
    "a decision undone has left nothing": """
        SELECT d.id FROM payments_creditdecision d
        JOIN receivables_entry e ON e.source = 'decision:' || d.id AND e.installment_id IS NULL
        WHERE d.undone_on IS NOT NULL AND e.reverses_id IS NULL
          AND NOT EXISTS (SELECT 1 FROM receivables_entry r WHERE r.reverses_id = e.id)
        UNION ALL
        SELECT d.id FROM payments_creditdecision d
        JOIN receivables_allocation a ON a.source = 'decision:' || d.id
        WHERE d.undone_on IS NOT NULL AND a.reverses_id IS NULL
          AND NOT EXISTS (SELECT 1 FROM receivables_allocation r WHERE r.reverses_id = a.id)
    """,
    "a payout says what its parts come to": """
        SELECT o.id FROM payments_payout o
        LEFT JOIN payments_payoutpart p ON p.payout_id = o.id
        GROUP BY o.id, o.gross_minor, o.back_minor, o.fees_minor, o.other_minor
        HAVING COALESCE(SUM(p.amount_minor - p.fee_minor), 0)
            <> o.gross_minor - o.back_minor - o.fees_minor + o.other_minor
    """,
    "a part of a payout is a payment of its organization and provider": """
        SELECT p.id FROM payments_payoutpart p
        JOIN payments_payout o ON o.id = p.payout_id
        JOIN payments_payment m ON m.id = p.payment_id
        WHERE p.organization_id <> o.organization_id OR m.organization_id <> p.organization_id
           OR p.kind <> 'payment'
           OR SUBSTR(m.external_id, 1, LENGTH(o.provider) + 1) <> o.provider || ':'
    """,
    "a refund in a file is of its creditor and organization, and the file was not withdrawn": """
        SELECT d.id FROM payments_creditdecision d
        JOIN payments_refundfile f ON f.id = d.file_id
        JOIN customers_customer c ON c.id = d.customer_id
        WHERE f.withdrawn_on IS NOT NULL OR f.organization_id <> d.organization_id
           OR f.currency <> d.currency OR f.creditor_id <> c.creditor_id
    """,
    "the refunds in a file never come to more than was ordered": """
        SELECT f.id FROM payments_refundfile f
        JOIN payments_creditdecision d ON d.file_id = f.id
        GROUP BY f.id, f.amount_minor, f.count
        HAVING SUM(d.amount_minor) > f.amount_minor OR COUNT(*) > f.count
    """,
    "a virtual IBAN stands for one at a time": """
        SELECT a.id FROM payments_virtualibanassignment a
        JOIN payments_virtualibanassignment b
          ON b.virtual_iban_id = a.virtual_iban_id AND b.id > a.id
        WHERE a.until_on IS NULL OR a.until_on > b.since_on
    """,
    "a virtual IBAN and its holder are of one creditor": """
        SELECT a.id FROM payments_virtualibanassignment a
        JOIN payments_virtualiban v ON v.id = a.virtual_iban_id
        JOIN customers_customer c ON c.id = a.customer_id
        LEFT JOIN receivables_invoice i ON i.id = a.invoice_id
        WHERE c.creditor_id <> v.creditor_id OR a.organization_id <> v.organization_id
           OR i.customer_id <> a.customer_id
    """,
    "a collection is the sum of what it is for": """
        SELECT d.id FROM payments_debit d
        JOIN payments_debititem i ON i.debit_id = d.id
        GROUP BY d.id, d.amount_minor HAVING SUM(i.amount_minor) <> d.amount_minor
    """,
    "what a collection is for is of its own instalment of a plan": """
        SELECT d.id FROM payments_debit d
        JOIN payments_debititem i ON i.debit_id = d.id
        WHERE COALESCE(i.part_id, 0) <> COALESCE(d.part_id, 0)
    """,
    "what is handed to the bank is in a file that was not taken back": """
        SELECT d.id FROM payments_debit d
        LEFT JOIN payments_debitfile f ON f.id = d.file_id
        WHERE d.state IN ('sent', 'collected', 'refused', 'returned')
          AND (f.id IS NULL OR f.cancelled_on IS NOT NULL)
    """,
    "a collection that has ended holds nothing": """
        SELECT d.id FROM payments_debit d
        JOIN payments_debititem i ON i.debit_id = d.id
        WHERE i.is_running AND d.state IN ('refused', 'returned', 'withdrawn')
    """,
    "a collection and its mandate are of one customer": """
        SELECT d.id FROM payments_debit d
        JOIN payments_mandate m ON m.id = d.mandate_id
        WHERE m.customer_id <> d.customer_id OR m.organization_id <> d.organization_id
    """,
    "nothing stands behind a virtual IBAN that is closed": """
        SELECT a.id FROM payments_virtualibanassignment a
        JOIN payments_virtualiban v ON v.id = a.virtual_iban_id
        WHERE a.until_on IS NULL AND v.closed_on IS NOT NULL
    """,
}
