"""How a message looks: emails, letters, text messages and enclosures as bytes."""
