"""How a dataset fits a checkpoint: tokens of its images, and the longest dialogue as a prompt.

In: a checkpoint's small files and a dataset's dialogues. Out: ``DatasetFit``. Tokens are counted by
the checkpoint's own processor; no weights are read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as PIL

from actors.backends.transformers_model import image_token
from actors.backends.transformers_prompt import TransformersProcessor
from actors.conversation import ChatRequest, Conversation
from actors.schema import Dialogue
from conf.errors import ConfigError
from conf.model import ChatConfig

_SIZES = 64  # so many sizes are tried, from the smallest to the largest image
Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class DatasetFit:
    """Tokens per image size, and of the longest dialogue with answers of ``answer_tokens`` each."""

    tokens: Mapping[Size, int]
    longest: int
    longest_id: str
    answer_tokens: int


def open_processor(folder: Path, *, trusted: bool) -> TransformersProcessor:
    """Load a checkpoint's processor from its small files.

    Raises:
        ConfigError: transformers cannot, or the processor does not take the template's images.
    """
    from transformers import AutoConfig  # noqa: PLC0415

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=trusted)
        token = image_token(config)
        return TransformersProcessor(
            str(folder), ChatConfig(), trust_remote_code=trusted, image_token=token, overrides={}
        )
    except ConfigError:
        raise
    except Exception as error:  # of transformers, or of the checkpoint's own code
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ConfigError(f"its processor cannot be loaded: {reason}") from error


def fit_dataset(
    processor: TransformersProcessor, dialogues: Iterable[Dialogue], box_dialect: str, answer: int
) -> DatasetFit:
    """Count the tokens of a dataset's images and of its longest dialogue.

    Args:
        processor: the checkpoint's.
        dialogues: of the dataset.
        box_dialect: whose instruction the system prompt has.
        answer: tokens that each answer may take.

    Raises:
        TurnFailed: the processor refuses a size.
        ConfigError: the chat template cannot render a dialogue.
    """
    talks = list(dialogues)
    sizes = sorted(
        {(i.width, i.height) for d in talks for i in d.images}, key=lambda s: s[0] * s[1]
    )
    step = max(1, -(-len(sizes) // _SIZES))
    tried = sizes if step == 1 else [*sizes[:-1:step], sizes[-1]]
    tokens = {size: _image_tokens(processor, size) for size in tried}
    longest, longest_id = 0, ""
    for dialogue in talks:
        length = _text_tokens(processor, dialogue, box_dialect) + answer * len(dialogue.turns)
        length += sum(_of(tokens, (i.width, i.height)) for i in dialogue.images)
        if length > longest:
            longest, longest_id = length, dialogue.dialogue_id
    return DatasetFit(tokens=tokens, longest=longest, longest_id=longest_id, answer_tokens=answer)


def _image_tokens(processor: TransformersProcessor, size: Size) -> int:
    picture = PIL.new("RGB", size)
    return len(processor.expand("0" * 16, picture, lambda: picture).ids)


def _of(tokens: Mapping[Size, int], size: Size) -> int:
    """Return an image's tokens; of a size that was not tried, those of the next larger one."""
    area = size[0] * size[1]
    larger = (count for (width, height), count in tokens.items() if width * height >= area)
    return tokens.get(size) or next(larger)


def _text_tokens(processor: TransformersProcessor, dialogue: Dialogue, box_dialect: str) -> int:
    """Return the tokens of a whole dialogue without its images and answers."""
    request = _last_request(dialogue, box_dialect)
    parts = processor.template.around(request)
    return sum(len(ids) - ids.count(processor.mark) for ids in parts)


def _last_request(dialogue: Dialogue, box_dialect: str) -> ChatRequest:
    talk = Conversation(dialogue, box_dialect=box_dialect, seed=0)
    last = talk.next_request()
    if last is None:
        raise ConfigError(f"dialogue {dialogue.dialogue_id} has no turn")
    talk.accept("")
    while (request := talk.next_request()) is not None:
        talk.accept("")
        last = request
    return last
