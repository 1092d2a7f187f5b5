"""How the resting states of a cell move, appear and vanish along a parameter."""
