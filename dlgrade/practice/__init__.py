"""What was answered, when, how well, and what comes next."""
