"""Virtual IBANs: the pool of each creditor, and who each of them stands for."""
