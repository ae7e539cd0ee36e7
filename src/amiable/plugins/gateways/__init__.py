"""Payment online, one file per gateway."""
