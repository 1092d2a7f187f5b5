"""An independent model of the cells that the package describes, and what it says of many of them."""
