"""The pure core: no framework, no I/O, no clock, no randomness. Every date is an argument."""
