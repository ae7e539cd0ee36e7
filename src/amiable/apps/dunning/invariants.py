"""What must never be true of dunning: each query returns the rows that break the rule."""

INVARIANTS = {
    "an action that was carried out has the day it was closed": """
        SELECT id FROM dunning_action
        WHERE state IN ('done', 'cancelled', 'skipped', 'failed') AND closed_on IS NULL
    """,
    "an installment takes each step once, or once for each event the step counts from; what came "
    "back from everybody was not taken, nor a call that reached nobody": """
        SELECT i.installment_id, i.step FROM dunning_actionitem i
        JOIN dunning_action a ON a.id = i.action_id
        WHERE i.step <> '' AND a.state = 'done' AND NOT a.is_test
          AND a.result NOT IN ('no_answer', 'voicemail', 'wrong_number')
          AND NOT EXISTS (
            SELECT 1 FROM messaging_deliveryevent e WHERE e.message_id = a.message_id
              AND e.kind IN ('bounced', 'returned') AND e.recipient = ''
          )
        GROUP BY i.installment_id, i.step, i.event_on HAVING COUNT(*) > 1
    """,
    "what waits for approval or leaves by itself is approved as its step says": """
        SELECT id FROM dunning_action
        WHERE state = 'approved' AND approval <> 'automatic' AND decided_by = ''
    """,
    "a pending step of a case stands once": """
        SELECT case_id, step FROM dunning_action
        WHERE state IN ('to_approve', 'approved', 'claimed', 'todo')
        GROUP BY case_id, step HAVING COUNT(*) > 1
    """,
    "a message sent belongs to an action carried out or of unknown fate": """
        SELECT m.id FROM messaging_message m
        JOIN dunning_action a ON a.message_id = m.id
        WHERE m.state = 'sent' AND a.state NOT IN ('done', 'claimed', 'unknown')
    """,
    "an action item is of the case's customer": """
        SELECT i.id FROM dunning_actionitem i
        JOIN dunning_action a ON a.id = i.action_id
        JOIN cases_case c ON c.id = a.case_id
        JOIN receivables_installment t ON t.id = i.installment_id
        WHERE t.customer_id <> c.customer_id OR t.organization_id <> a.organization_id
    """,
    "a case with an open item and no pending action knows when to look again, or why not": """
        SELECT c.id FROM cases_case c
        WHERE c.next_plan_on IS NULL
          AND NOT EXISTS (SELECT 1 FROM dunning_enrollment e WHERE e.case_id = c.id)
    """,
    "a request for payment that left has its message and its day": """
        SELECT id FROM dunning_paymentrequest
        WHERE state IN ('sent', 'unknown') AND (message_id IS NULL OR closed_on IS NULL)
    """,
    "a request for payment is of its case's customer, and of a confirmed campaign once it left": """
        SELECT r.id FROM dunning_paymentrequest r
        JOIN dunning_requestcampaign k ON k.id = r.campaign_id
        JOIN cases_case c ON c.id = r.case_id
        WHERE (r.state IN ('waiting', 'sending', 'sent') AND k.confirmed_at IS NULL)
          OR EXISTS (
            SELECT 1 FROM dunning_paymentrequestitem i
            JOIN receivables_installment t ON t.id = i.installment_id
            WHERE i.request_id = r.id AND t.customer_id <> c.customer_id
          )
    """,
}
