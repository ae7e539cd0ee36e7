"""Requests for the payment of chosen invoices: drawn up, confirmed, sent and followed."""
