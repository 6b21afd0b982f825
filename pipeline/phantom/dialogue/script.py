"""The order of a dialogue: which question is about which lesion, and when.

In: a ``Scene`` and the number of turns. Out: that many ``Question``s, not yet worded. The lesion
that decides the diagnosis has a chain (finding, characterisation, comparison, diagnosis); questions
about other lesions and about what is absent come between, so that referents switch and return.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.phantom.scene import Referent, Scene, pick, shuffled

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
class Question:
    """One question to be worded: its kind, the lesion, and a concept or an attribute group."""

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


def draw_script(rng: np.random.Generator, scene: Scene, turns: int) -> tuple[Question, ...]:
    """Order ``turns`` questions about a scene."""
    chain, has_diagnosis = _chain(rng, scene, turns)
    threads = [chain, *_threads(rng, scene, chain)]
    wanted = [len(chain)] + [0] * (len(threads) - 1)
    missing = turns - len(chain) - has_diagnosis
    while missing > 0:
        open_threads = [k for k, thread in enumerate(threads) if k and wanted[k] < len(thread)]
        if open_threads:
            wanted[pick(rng, open_threads)] += 1
        else:
            referent = pick(rng, scene.present or (None,))
            again = Question("mark", referent) if referent else Question("whole")
            threads.append([again])
            wanted.append(1)
        missing -= 1
    questions = _weave(rng, [thread[:n] for thread, n in zip(threads, wanted, strict=True)])
    if has_diagnosis:
        last = max(k for k, question in enumerate(questions) if question in chain)
        at = (
            len(questions)
            if rng.random() < _DIAGNOSIS_LAST
            else int(rng.integers(last, len(questions))) + 1
        )
        questions.insert(at, Question("diagnose"))
    return tuple(questions)


def _chain(rng: np.random.Generator, scene: Scene, turns: int) -> tuple[list[Question], bool]:
    """Return the questions that lead to the diagnosis, as many as fit, and whether one does."""
    primary = scene.primary
    gone = [r for r in scene.referents if r.current is None]
    if primary is None:
        chain = [Question("compare", r) for r in gone]
        absent = [
            Question("absent", detail=str(c))
            for c in rng.permutation(list(scene.absent_concepts()))
        ]
        room = max(1, turns - 1 - len(chain))
        return [*absent[: min(room, 2)], *chain][: turns - 1], True
    chain = [Question("find", primary)]
    groups = [group for group, _ in primary.attributes]
    if groups:
        chain.append(Question("characterise", primary, pick(rng, groups)))
    if scene.prior is not None:
        chain.append(Question("compare", primary))
    while len(chain) >= max(turns, 3):
        del chain[int(rng.integers(1, len(chain)))]
    if turns == 2 and len(chain) == 2 and rng.random() < 0.5:
        return chain, False
    return chain[: turns - 1], True


def _threads(rng: np.random.Generator, scene: Scene, chain: list[Question]) -> list[list[Question]]:
    """Return further questions: per lesion a thread that starts where its chain ends."""
    threads = []
    for referent in scene.referents:
        more = [Question("characterise", referent, group) for group, _ in referent.attributes]
        more += [Question("size", referent), Question("mark", referent)]
        if scene.prior is not None and referent.change is not None:
            more.append(Question("compare", referent))
        if referent.current is None:
            more = [Question("compare", referent)]
        more = [extra for extra in shuffled(rng, more) if extra not in chain]
        start = [] if referent is scene.primary or referent.current is None else ["find"]
        threads.append([*(Question(kind, referent) for kind in start), *more])
    kinds = [f.concept for f in scene.modality.findings]
    general = [Question("absent", detail=c) for c in scene.absent_concepts()]
    general += [Question("count", detail=pick(rng, kinds)), Question("whole")]
    free = [extra for extra in shuffled(rng, general) if extra not in chain]
    half = (len(free) + 1) // 2
    return [*threads, free[:half], free[half:]]


def _weave(rng: np.random.Generator, threads: list[list[Question]]) -> list[Question]:
    """Interleave threads, each in its own order; a lesion's chain precedes its extras."""
    left = [list(thread) for thread in threads if thread]
    first = left[0]
    questions: list[Question] = []
    current = first if rng.random() < 0.7 else pick(rng, left)
    while any(left):
        open_threads = [t for t in left if t and _may_start(t[0], questions)]
        if not (current in open_threads and rng.random() < _STAY):
            current = pick(rng, open_threads)
        questions.append(current.pop(0))
    return questions


def _may_start(question: Question, before: list[Question]) -> bool:
    """Return whether the lesion, if it shows now, was found before other questions about it."""
    if question.referent is None or question.referent.current is None or question.kind == "find":
        return True
    return any(i.kind == "find" and i.referent is question.referent for i in before)
