"""What must never be true of cases: each query returns the rows that break the rule."""

INVARIANTS = {
    "a promise is of something, on a day not before it was made": """
        SELECT id FROM cases_promise
        WHERE amount_minor <= 0 OR due_on < made_on OR tolerance_pct > 100
    """,
    "a plan and its instalments are of one case": """
        SELECT p.id FROM cases_promise p JOIN cases_paymentplan n ON n.id = p.plan_id
        WHERE p.case_id <> n.case_id OR p.organization_id <> n.organization_id
    """,
    "a payment plan has instalments": """
        SELECT n.id FROM cases_paymentplan n
        WHERE NOT EXISTS (SELECT 1 FROM cases_promise p WHERE p.plan_id = n.id)
    """,
    "a cancelled plan covers nothing, and its instalments are cancelled only with it": """
        SELECT p.id FROM cases_promise p JOIN cases_paymentplan n ON n.id = p.plan_id
        WHERE (n.cancelled_on IS NULL) <> (p.cancelled_on IS NULL)
    """,
    "a plan that was signed and agreed runs, or ran, and only such a one": """
        SELECT id FROM cases_planproposal WHERE (state = 'agreed') <> (plan_id IS NOT NULL)
    """,
    "a plan that was changed ended with the change": """
        SELECT o.id FROM cases_paymentplan n JOIN cases_paymentplan o ON o.id = n.replaces_id
        WHERE o.cancelled_on IS NULL OR o.case_id <> n.case_id
    """,
    "the instalments of a plan fall due on different days": """
        SELECT MIN(id) FROM cases_promise WHERE plan_id IS NOT NULL
        GROUP BY plan_id, due_on HAVING COUNT(*) > 1
    """,
    "what is held or disputed is an installment of the case": """
        SELECT i.id FROM receivables_installment i
        JOIN (SELECT installment_id, case_id FROM cases_hold
              UNION SELECT installment_id, case_id FROM cases_dispute) n ON n.installment_id = i.id
        JOIN cases_case c ON c.id = n.case_id
        WHERE c.customer_id <> i.customer_id OR c.currency <> i.currency
    """,
    "a dispute is about an amount and closed after it was opened": """
        SELECT id FROM cases_dispute
        WHERE amount_minor <= 0 OR closed_on < opened_on
    """,
}
