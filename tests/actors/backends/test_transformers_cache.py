"""The batch of keys and values against plain lists, and the bound on what dialogues keep."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.backends.transformers_cache import BatchCache, CacheBudget, DialogueCache

HEADS, WIDTH, LAYERS = 2, 3, 2


def layers_of(numbers: list[int]):
    """Keys and values of a dialogue whose tokens are numbers; the values are their negatives."""
    keys = torch.tensor(numbers, dtype=torch.float32)[None, None, :, None]
    keys = keys.expand(1, HEADS, len(numbers), WIDTH)
    return [(keys + layer, -keys - layer) for layer in range(LAYERS)]


def numbers_of(layers) -> list[int]:
    keys, values = layers[-1]
    assert torch.equal(keys, -values)
    return [int(n) - (LAYERS - 1) for n in keys[0, 0, :, 0]]


steps = st.one_of(
    st.tuples(st.just("join"), st.integers(1, 12)),
    st.tuples(st.just("leave"), st.integers(0, 9)),
    st.tuples(st.just("step"), st.integers(1, 6)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=25), st.integers(1, 5))
def test_rows_are_those_that_joined_and_grew_whoever_came_and_left(actions, headroom):
    batch, expected, number = BatchCache(headroom), [], 0
    for action, amount in actions:
        if action == "join":
            rows = [number + n for n in range(amount)]
            number += amount
            batch.join(layers_of(rows))
            expected.append(rows)
        elif action == "leave" and expected:
            row = amount % len(expected)
            assert numbers_of(batch.leave(row)) == expected[row]
            expected[row] = expected[-1]
            expected.pop()
        elif action == "step" and expected:
            for _ in range(amount):
                grown(batch, expected, number)
                number += len(expected)
    for row in reversed(range(len(expected))):
        assert numbers_of(batch.leave(row)) == expected[row]
    assert not len(batch)


def grown(batch: BatchCache, expected: list[list[int]], number: int) -> None:
    """Append a token to each row as a model does, and check what the model sees."""
    cache = batch.before_step()
    assert cache.get_seq_length() == max(map(len, expected))
    new = torch.arange(number, number + len(expected), dtype=torch.float32)[:, None, None, None]
    new = new.expand(len(expected), HEADS, 1, WIDTH)
    for layer in range(LAYERS):
        keys, _ = cache.update(new + layer, -new - layer, layer)
    batch.after_step()
    for n, row in enumerate(expected):
        row.append(number + n)
        seen = [int(k) - (LAYERS - 1) for k in keys[n, 0, -len(row) :, 0]]
        assert seen == row, "padded on the left"


def test_what_waits_longest_is_dropped_first_and_the_batch_counts():
    token = sum(t.numel() * t.element_size() for pair in layers_of([0]) for t in pair)
    budget = CacheBudget(10 * token)
    kept = [DialogueCache() for _ in range(3)]
    for dialogue in kept:
        budget.keep(dialogue, [0, 1, 2, 3], layers_of([0, 1, 2, 3]))
    budget.keep(kept[0], [0, 1, 2, 3], layers_of([0, 1, 2, 3]))
    budget.trim(0)
    assert [bool(k.layers) for k in kept] == [True, False, True]
    budget.trim(5 * token)
    assert [bool(k.layers) for k in kept] == [True, False, False]
    assert not kept[1].key


def test_a_dialogue_that_ended_is_not_counted():
    token = sum(t.numel() * t.element_size() for pair in layers_of([0]) for t in pair)
    budget = CacheBudget(4 * token)
    ended, waiting = DialogueCache(), DialogueCache()
    budget.keep(waiting, [0, 1, 2], layers_of([0, 1, 2]))
    budget.keep(ended, [0, 1, 2], layers_of([0, 1, 2]))
    del ended
    budget.trim(0)
    assert waiting.layers
