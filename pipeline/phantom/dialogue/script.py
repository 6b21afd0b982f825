"""The order of a dialogue: which question is asked of which lesion, and when.

In: a ``Scene`` and the number of turns. Out: that many ``Item``s. The lesion that decides the
diagnosis has a chain (finding, characterisation, comparison, diagnosis); questions about other
lesions and about what is absent are woven in, so that referents switch and return.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.phantom.scene import Referent, Scene

# How many turns: mean 5.31, a tail to 15.
TURN_SHARES: dict[int, float] = {
    2: 0.045, 3: 0.14, 4: 0.225, 5: 0.21, 6: 0.15, 7: 0.095, 8: 0.055, 9: 0.03,
    10: 0.02, 11: 0.01, 12: 0.007, 13: 0.005, 14: 0.004, 15: 0.004,
}  # fmt: skip
_HEALTHY_SHARE = 0.14
_HEALTHY_TURNS = range(2, 6)
_STAY = 0.55  # how often the next question keeps to the lesion at hand
_DIAGNOSIS_LAST = 0.75


@dataclass(frozen=True, slots=True)
class Item:
    """One question to ask: its kind, the lesion and a concept or attribute group."""

    kind: str
    referent: Referent | None = None
    detail: str = ""


def draw_length(rng: np.random.Generator) -> tuple[int, int]:
    """Draw the number of turns and how many lesions such a dialogue needs (0: healthy)."""
    turns = int(rng.choice(list(TURN_SHARES), p=list(TURN_SHARES.values())))
    if turns in _HEALTHY_TURNS and rng.random() < _HEALTHY_SHARE:
        return turns, 0
    least, most = (
        (1, 2) if turns <= 3 else (1, 3) if turns <= 6 else (2, 3) if turns <= 9 else (3, 4)
    )
    return turns, int(rng.integers(least, most + 1))


def draw_script(rng: np.random.Generator, scene: Scene, turns: int) -> tuple[Item, ...]:
    """Order ``turns`` questions about a scene."""
    chain, has_diagnosis = _chain(rng, scene, turns)
    threads = [chain, *_threads(rng, scene, chain)]
    wanted = [len(chain)] + [0] * (len(threads) - 1)
    missing = turns - len(chain) - has_diagnosis
    while missing > 0:
        open_threads = [k for k, thread in enumerate(threads) if k and wanted[k] < len(thread)]
        if open_threads:
            wanted[open_threads[int(rng.integers(len(open_threads)))]] += 1
        else:
            seen = scene.present or (None,)
            referent = seen[int(rng.integers(len(seen)))]
            again = Item("mark", referent) if referent else Item("whole")
            threads.append([again])
            wanted.append(1)
        missing -= 1
    items = _weave(rng, [thread[:n] for thread, n in zip(threads, wanted, strict=True)])
    if has_diagnosis:
        last = max(k for k, item in enumerate(items) if item in chain)
        at = (
            len(items)
            if rng.random() < _DIAGNOSIS_LAST
            else int(rng.integers(last, len(items))) + 1
        )
        items.insert(at, Item("diagnose"))
    return tuple(items)


def _chain(rng: np.random.Generator, scene: Scene, turns: int) -> tuple[list[Item], bool]:
    """The items that lead to the diagnosis, as many as fit, and whether it is asked for."""
    primary = scene.primary
    gone = [r for r in scene.referents if r.current is None]
    if primary is None:
        chain = [Item("compare", r) for r in gone]
        absent = [
            Item("absent", detail=str(c)) for c in rng.permutation(list(scene.absent_concepts()))
        ]
        room = max(1, turns - 1 - len(chain))
        return [*absent[: min(room, 2)], *chain][: turns - 1], True
    chain = [Item("find", primary)]
    groups = [group for group, _ in primary.attributes]
    if groups:
        chain.append(Item("characterise", primary, groups[int(rng.integers(len(groups)))]))
    if scene.prior is not None:
        chain.append(Item("compare", primary))
    while len(chain) >= max(turns, 3):
        del chain[int(rng.integers(1, len(chain)))]
    if turns == 2 and len(chain) == 2 and rng.random() < 0.5:
        return chain, False
    return chain[: turns - 1], True


def _threads(rng: np.random.Generator, scene: Scene, chain: list[Item]) -> list[list[Item]]:
    """What else can be asked: per lesion a thread that starts where its chain ends."""
    threads = []
    for referent in scene.referents:
        more = [Item("characterise", referent, group) for group, _ in referent.attributes]
        more += [Item("size", referent), Item("mark", referent)]
        if scene.prior is not None and referent.change is not None:
            more.append(Item("compare", referent))
        if referent.current is None:
            more = [Item("compare", referent)]
        more = [more[k] for k in rng.permutation(len(more)) if more[k] not in chain]
        start = [] if referent is scene.primary or referent.current is None else ["find"]
        threads.append([*(Item(kind, referent) for kind in start), *more])
    kinds = [f.concept for f in scene.modality.findings]
    general = [Item("absent", detail=c) for c in scene.absent_concepts()]
    general += [Item("count", detail=kinds[int(rng.integers(len(kinds)))]), Item("whole")]
    free = [general[k] for k in rng.permutation(len(general)) if general[k] not in chain]
    half = (len(free) + 1) // 2
    return [*threads, free[:half], free[half:]]


def _weave(rng: np.random.Generator, threads: list[list[Item]]) -> list[Item]:
    """Interleave threads, each in its own order; a lesion's chain precedes its extras."""
    left = [list(thread) for thread in threads if thread]
    first = left[0]
    items: list[Item] = []
    current = first if rng.random() < 0.7 else left[int(rng.integers(len(left)))]
    while any(left):
        open_threads = [t for t in left if t and _may_start(t[0], items)]
        if not (current in open_threads and rng.random() < _STAY):
            current = open_threads[int(rng.integers(len(open_threads)))]
        items.append(current.pop(0))
    return items


def _may_start(item: Item, asked: list[Item]) -> bool:
    """A lesion that shows now must be found before anything else is asked of it."""
    if item.referent is None or item.referent.current is None or item.kind == "find":
        return True
    return any(i.kind == "find" and i.referent is item.referent for i in asked)
