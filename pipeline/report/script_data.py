"""Data as scripts: files that a page opened from a disk can load, where fetching is not possible.

In: a name and JSON values. Out: ``imcbench.receive("name", {...});`` as ASCII.
"""

import json
from typing import Any

# "<" and ">" so that no data ends or opens a script element wherever the text is put, "&" so that
# it means the same inside XHTML; U+2028 and its like are escaped since the output is ASCII.
_UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def script(name: str, document: Any) -> bytes:
    """Write one data script; infinities and NaN are refused with ValueError."""
    return f"imcbench.receive({_json(name)}, {_json(document)});\n".encode("ascii")


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.translate(_UNSAFE)
