"""Text in an answer that steers whoever grades it: found, so that it can be left out."""
