"""URIs must not hold credentials, so that none are written to logs and files."""

import re

from conf.errors import ConfigError

# user@host, or user:secret, where the secret may hold a slash; user:1234 is a host and its port.
_USER = re.compile(r"^[\w+.-]+://([^/]*@|[^/:]+:(?!\d{1,5}(/|$)))")


def refuse_credentials(what: str, uri: str) -> None:
    """Check a path or URI; the message repeats nothing of it.

    Raises:
        ConfigError: there is a user or a password before the host or bucket.
    """
    if _USER.match(uri):
        raise ConfigError(
            f"{what} carries credentials before its host; give them by the environment "
            "(for s3:// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) or by the machine's role"
        )
