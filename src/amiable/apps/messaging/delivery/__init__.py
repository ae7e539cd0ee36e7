"""What becomes of messages after they left: reports, consequences, registered letters."""
