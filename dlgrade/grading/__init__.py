"""Verdicts, and the score worked out from them."""
