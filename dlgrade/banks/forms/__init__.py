"""One pure reader per document form: text in, questions out."""
