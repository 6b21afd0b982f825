"""How long the prompts of dialogues become, measured without an engine.

In: dialogues, a chat template, and how many ids the processor makes of an image. Out:
``PromptLengths``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from actors.backends.chat_template import ChatTemplate
from actors.conversation import ChatRequest, Conversation
from actors.schema import Dialogue, Image
from conf.schema import RunConfig


@dataclass(frozen=True, kw_only=True)
class PromptLengths:
    """Tokens of each dialogue's last prompt and its answer, by dialogue id.

    ``least``: earlier answers are empty; ``most``: each is as long as ``sampling.max_tokens``.
    ``context`` is what an engine holds. ``refused`` are dialogues that cannot be asked whole, with
    the reason.
    """

    context: int
    least: dict[str, int]
    most: dict[str, int]
    refused: dict[str, str]

    @property
    def too_long(self) -> list[str]:
        """Return the dialogues whose last turn does not fit, whatever is answered."""
        return [name for name, tokens in self.least.items() if tokens > self.context]

    @property
    def perhaps_too_long(self) -> list[str]:
        """Return the dialogues that do not fit if all answers are long."""
        long = [name for name, tokens in self.most.items() if tokens > self.context]
        return [name for name in long if self.least[name] <= self.context]


@dataclass(frozen=True, kw_only=True)
class PromptMeasure:
    """How prompts of a checkpoint are measured.

    ``image_tokens`` returns how many ids an image adds to those that the template writes for it;
    ``most_images`` is how many a prompt may show.
    """

    template: ChatTemplate
    image_tokens: Callable[[Image], int]
    most_images: int
    context: int

    def lengths(self, config: RunConfig, dialogues: Iterable[Dialogue]) -> PromptLengths:
        """Measure each dialogue at its last turn; images of one size are processed once."""
        added: dict[tuple[int, int], int] = {}
        least: dict[str, int] = {}
        most: dict[str, int] = {}
        refused: dict[str, str] = {}
        answer = config.sampling.max_tokens
        for dialogue in dialogues:
            request = last_request(dialogue, config)
            images = [i for e in request.history for i in e.message.images]
            images += request.message.images
            if len(images) > self.most_images:
                refused[dialogue.dialogue_id] = (
                    f"shows {len(images)} images, a prompt may show {self.most_images}"
                )
                continue
            try:
                tokens = sum(map(len, self.template.around(request)))
            except ValueError as error:
                refused[dialogue.dialogue_id] = f"prompt refused: {error}"
                continue
            for image in images:
                size = (image.width, image.height)
                if size not in added:
                    added[size] = self.image_tokens(image)
                tokens += added[size]
            least[dialogue.dialogue_id] = tokens + answer
            most[dialogue.dialogue_id] = tokens + answer * (len(request.history) + 1)
        return PromptLengths(context=self.context, least=least, most=most, refused=refused)


def last_request(dialogue: Dialogue, config: RunConfig) -> ChatRequest:
    """Return the request of a dialogue's last turn, all turns before it answered with nothing."""
    conversation = Conversation(
        dialogue, box_dialect=config.model.box_dialect, seed=config.sampling.seed
    )
    last = None
    while (request := conversation.next_request()) is not None:
        last = request
        conversation.accept("")
    if last is None:
        raise ValueError(f"dialogue {dialogue.dialogue_id} has no turn")
    return last
