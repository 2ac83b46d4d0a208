"""Plain text: its lines without what only its pages needed, and what stands in them."""
