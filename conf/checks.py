"""Checks of single values, for the dataclasses of the configuration."""

from collections.abc import Collection

from conf.errors import ConfigError

_NAME_CHARACTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def name_folder(key: str, name: str) -> None:
    """Raise ConfigError for a name that cannot be part of a path or of a metric's name."""
    if not name or set(name) - _NAME_CHARACTERS or name.startswith("."):
        raise ConfigError(f"{key} is {name!r}; it names a folder: letters, digits and ._- only")


def at_least(section: str, config: object, **least: float) -> None:
    """Raise ConfigError for a field that is below its least value; None is not below."""
    for key, bound in least.items():
        value = getattr(config, key)
        if value is not None and value < bound:
            raise ConfigError(f"{section}.{key} is {value}; it must be at least {bound}")


def one_of(key: str, value: str, allowed: Collection[str]) -> None:
    """Raise ConfigError for a value that is not one of those allowed."""
    if value not in allowed:
        raise ConfigError(f"{key} is {value!r}; choose one of {', '.join(allowed)}")
