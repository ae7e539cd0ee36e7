"""What a message says: shipped texts, tables, claims, and what law has it say."""
