"""Where a resting potential comes from."""
