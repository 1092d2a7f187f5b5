"""Strengths that make a cell rest where it should."""
