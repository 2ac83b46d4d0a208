"""Fill, grade and export banks of deep-learning interview questions."""

__version__ = "0.1.0"
