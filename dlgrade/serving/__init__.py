"""Practising in the browser: pages over the services that the terminal uses, served on this machine."""
