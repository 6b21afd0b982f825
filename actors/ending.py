"""How an actor of Ray Data ends its engine: in order, not killed with the actor."""

import weakref
from collections.abc import Callable

import ray.data


class ClosesInOrder:
    """Has an engine stopped when Ray Data lets go of the actor.

    Ray Data ends an actor by dropping its context, then Ray kills the process's children: without
    this, the engine's orderly end would be logged as its death. A ``__del__`` of the actor's class
    comes too late, since finished coroutines still refer to it until the next gc.
    """

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close
        self._finalizer: weakref.finalize[..., object] | None = None

    def arrange(self) -> None:
        """Call at the start of each batch: the context exists from the first one on."""
        context = getattr(ray.data, "_map_actor_context", None)
        if self._finalizer is None and context is not None:
            self._finalizer = weakref.finalize(context, self._close)
