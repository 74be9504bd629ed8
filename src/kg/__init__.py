"""A knowledge graph service for development zones."""

__version__ = "0.1.0"
