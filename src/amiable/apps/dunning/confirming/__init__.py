"""The emails that say to customers what was agreed: after a call, after the payment page."""
