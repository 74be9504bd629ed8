"""Vocabulary, IRI minting, labels and value types."""
