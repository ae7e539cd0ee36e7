"""Which scenario a case follows: by rule, by hand, or moved on purpose."""
