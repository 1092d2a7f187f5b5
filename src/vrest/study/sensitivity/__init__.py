"""Which parameters a resting cell depends on."""
