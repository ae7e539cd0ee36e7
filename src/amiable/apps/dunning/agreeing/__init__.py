"""Payment plans that customers agree: what is offered, signed, decided by a person, reminded of."""
