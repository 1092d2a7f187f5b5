"""What becomes of a cell over two numbers."""
