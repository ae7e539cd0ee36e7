"""Calls: in which order, what is said, how they end, what follows, and the way back."""
