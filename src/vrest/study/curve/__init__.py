"""V along one number of a cell: at once, settled, where that jumps or ends, and what was measured."""
