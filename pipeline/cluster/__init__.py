"""The Ray cluster: joined or started, what it can hold, pools of actors and tasks."""
