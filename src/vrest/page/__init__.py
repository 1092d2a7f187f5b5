"""The live page: what one can vary and do in it, its document, one HTML file."""
