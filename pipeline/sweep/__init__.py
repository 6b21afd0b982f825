"""Many runs on one cluster: one after the other, side by side, or through shared engines."""
