"""From measured potentials to parameters, with honest uncertainty."""
