"""What keeps a run going when processes die, hang or cannot start."""
