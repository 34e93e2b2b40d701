"""When two free-form answers to one question are the same answer."""
