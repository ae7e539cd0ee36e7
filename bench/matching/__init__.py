"""The public benchmark of bank matching: a seeded generator, references, one table of figures."""
