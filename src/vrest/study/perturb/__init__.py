"""What a disease, a drug or a change does to a resting cell."""
