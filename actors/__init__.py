"""What runs on a worker: conversation state, backends and the Ray Data actor."""
