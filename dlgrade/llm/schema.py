"""pydantic model -> strict schema; the fallback ladder."""
