"""Data as banks: what their fields are called, and the records that they make up."""
