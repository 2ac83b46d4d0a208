"""Documents in, documents out."""
