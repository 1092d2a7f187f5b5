"""Solutions of the bench: recipes, what is in them, and the constants that say so."""
