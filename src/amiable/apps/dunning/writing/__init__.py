"""From an action about to leave to the draft of its message."""
