"""What runs where, in which order: pure decisions about slots, with no clock, no engine and no Ray inside."""
