"""The only rooms that know a network exists."""
