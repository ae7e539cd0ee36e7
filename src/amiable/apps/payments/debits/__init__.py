"""SEPA direct debits: mandates, collections, the files that go to the bank."""
