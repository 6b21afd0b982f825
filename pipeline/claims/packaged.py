"""Lexicons that come with the package.

In: a name. Out: the ``Lexicon`` read from ``pipeline/lexicons/<name>.json``.
"""

import json
from functools import cache
from importlib.resources import files

from conf.errors import BadInput
from pipeline.lexicon import Lexicon


@cache
def packaged_lexicon(name: str) -> Lexicon:
    """Load a packaged lexicon once; ``clinical`` covers the six specialties.

    Raises:
        BadInput: no lexicon of that name comes with the package.
    """
    folder = files("pipeline").joinpath("lexicons")
    known = sorted(entry.name.removesuffix(".json") for entry in folder.iterdir())
    if name not in known:
        raise BadInput(f"no packaged lexicon is called {name!r}; there is {', '.join(known)}")
    document = json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8"))
    return Lexicon.from_json(document, f"packaged lexicon {name}")
