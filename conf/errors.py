"""The one error that configuration raises."""


class ConfigError(ValueError):
    """A key is unknown, has the wrong type or an impossible value; the message names it."""
