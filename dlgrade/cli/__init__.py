"""One file per command: read flags, call one service, show the result."""
