"""An office on a simulated clock, and the portfolio that a stateful test lives in it."""
