"""How a dataset fits a checkpoint: tokens of its images, and the longest dialogue as a prompt.

In: a checkpoint's small files and a dataset's dialogues. Out: ``DatasetFit``. Tokens are counted by
the checkpoint's own processor; no weights are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from actors.backends.transformers_lengths import measure
from actors.schema import Dialogue, Image
from conf.errors import BadInput
from conf.load import load

Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class DatasetFit:
    """Tokens of an image by width and height; the longest dialogue, its answers included."""

    tokens: Mapping[Size, int]
    longest: int
    longest_id: str
    answer_tokens: int


def fit_dataset(
    folder: Path, dialogues: Sequence[Dialogue], box_dialect: str, answer: int, *, trusted: bool
) -> DatasetFit:
    """Count the tokens of a dataset's images and of its longest dialogue.

    Args:
        folder: with the checkpoint's small files.
        dialogues: of the dataset.
        box_dialect: whose instruction the system prompt has.
        answer: tokens that each answer may take.
        trusted: whether code of the checkpoint's own may be run.

    Raises:
        ConfigError: the processor cannot be loaded or refuses an image, or the chat template
            cannot render a dialogue.
        BadInput: there is no dialogue, or none that the template renders.
    """
    config = load("demo-transformers", [f"sampling.max_tokens={answer}"])
    model = replace(
        config.model,
        source=str(folder),
        box_dialect=box_dialect,
        trust_remote_code=trusted,
        engine={},
    )
    config = replace(config, model=model)
    measured = measure(config.model, runnable=False)
    tokens: dict[Size, int] = {}

    def counted(image: Image) -> int:
        added = measured.image_tokens(image)
        tokens[image.width, image.height] = added + 1
        return added

    lengths = replace(measured, image_tokens=counted).lengths(config, dialogues)
    if not lengths.most:
        raise BadInput(next(iter(lengths.refused.values()), "the dataset has no dialogue"))
    longest_id = max(lengths.most, key=lengths.most.__getitem__)
    return DatasetFit(
        tokens=dict(sorted(tokens.items(), key=lambda item: item[0][0] * item[0][1])),
        longest=lengths.most[longest_id],
        longest_id=longest_id,
        answer_tokens=answer,
    )
