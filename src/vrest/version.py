"""The version, as a literal: asking the installation for it takes longer than a Nernst potential."""

__version__ = "0.1.0"
