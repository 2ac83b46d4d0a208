"""`python -m dlgrade` is `dlgrade`."""

from dlgrade.cli.app import entry

entry()
