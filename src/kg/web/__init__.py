"""The HTTP face: Flask, one blueprint for each noun."""
