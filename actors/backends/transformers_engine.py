"""A checkpoint run by transformers in the actor's own process, with continuous batching.

In: ``ChatRequest``. Out: ``ChatReply``. For architectures that vLLM does not run, and as a second
opinion on those that it does: same token histories, same text of answers.
"""

import asyncio
from dataclasses import replace

from actors.backends.answer_end import AnswerEnd
from actors.backends.base import ChatReply, ReloadError, TurnFailed
from actors.backends.input_sizes import known_sizes
from actors.backends.sampling_values import drawn_values
from actors.backends.token_history import History, begin_history
from actors.backends.transformers_cache import DialogueCache
from actors.backends.transformers_model import TransformersModel
from actors.backends.transformers_prompt import Expansion, Prompt, TransformersProcessor
from actors.backends.transformers_sampling import TokenChoice
from actors.backends.transformers_settings import EngineSettings
from actors.backends.transformers_steps import Job, StepLoop
from actors.checkpoints import local_folder
from actors.conversation import ChatRequest
from actors.images import ImageFault, ImageStore
from actors.schema import Dialogue, Image
from conf.errors import ConfigError
from conf.model import ModelConfig, SamplingConfig
from conf.schema import RunConfig


def run_backend(config: RunConfig, *, reloads: bool) -> "TransformersBackend":
    """Make a run's engine; its weights can always be reloaded."""
    return TransformersBackend(config.model, config.sampling, config.dataset.uri)


class TransformersBackend:
    """The engine of one actor; torch and transformers are imported by the constructor."""

    def __init__(self, model: ModelConfig, sampling: SamplingConfig, dataset_uri: str) -> None:
        _check_sampling(sampling)
        source = local_folder(model.source)
        settings = EngineSettings(**model.engine)
        self._source = model.source
        self._model = TransformersModel(source, settings, trust_remote_code=model.trust_remote_code)
        self.processor = TransformersProcessor(
            source,
            model.chat,
            trust_remote_code=model.trust_remote_code,
            image_token=self._model.image_token,
            overrides=settings.mm_processor_kwargs,
        )
        self.input_sizes = known_sizes(self.processor.processor, model)
        self.images = ImageStore(dataset_uri)
        self._model.load(source)  # what can be refused was refused
        self._take(sampling)
        tokenizer = self.processor.tokenizer
        stops = self._model.stop_ids | ({tokenizer.eos_token_id} - {None})
        self.end = AnswerEnd(tokenizer, stops, self.processor.template.closing())
        self._steps = StepLoop(
            self._model,
            stops,
            max_rows=settings.max_num_seqs,
            cache_bytes=settings.kv_cache_memory_bytes,
        )

    def _take(self, sampling: SamplingConfig) -> None:
        self._sampling = sampling
        self._choice = TokenChoice(drawn_values(sampling, self._model.stated_sampling))

    def open(self, dialogue: Dialogue) -> "TransformersChat":
        """Start a chat; gold in the dialogue is not used."""
        return TransformersChat(self)

    def history(self) -> History:
        """Begin a history of token ids."""
        return begin_history(self.processor.template, self.end.ids, self._decode)

    def prompt_text(self, request: ChatRequest) -> str:
        """Return a dialogue's first prompt as text, special tokens included."""
        return self._decode(self.processor.template.first(request))

    def _decode(self, ids: list[int]) -> str:
        text: str = self.processor.tokenizer.decode(ids, skip_special_tokens=False)
        return text

    def close(self) -> None:
        """Stop the thread and wait for it."""
        self._steps.close()

    async def reload(self, model: ModelConfig, sampling: SamplingConfig) -> None:
        """Load another checkpoint's weights; tokenizer, processor and decoded images stay."""
        try:
            if model.source != self._source:
                path = await asyncio.to_thread(local_folder, model.source)
                await asyncio.to_thread(self._model.load, path)
                self._source = model.source
            self._steps.forget()
        except Exception as error:  # whatever transformers raises, the weights are not known
            raise ReloadError(f"weights of {model.source} were not loaded: {error}") from error
        self._take(sampling)

    async def checksum(self) -> str:
        """Hash the parameters."""
        return await asyncio.to_thread(self._model.checksum)

    async def generate(
        self, prompt: Prompt, kept: DialogueCache, request: ChatRequest
    ) -> ChatReply:
        """Run one request to its end.

        Raises:
            TurnFailed: an image is at fault, or prompt and answer do not fit the context.
            EngineDead: the model failed; nothing can be answered any more.
        """
        most = self._sampling.max_tokens
        if len(prompt.ids) + most > self._model.context:
            raise TurnFailed(
                f"context too short: prompt and answer need {len(prompt.ids) + most} tokens, "
                f"the engine has {self._model.context}"
            )
        job = Job(prompt=prompt, kept=kept, max_tokens=most, seed=request.seed)
        answer = await asyncio.wrap_future(self._steps.submit(job, self._choice))
        return ChatReply(
            text=self.end.text(self._decode(answer.ids)),
            finish_reason=answer.finish_reason,
            prompt_tokens=len(prompt.ids),
            cached_tokens=answer.cached,
            completion_tokens=len(answer.ids),
            token_ids=answer.ids,
        )

    def expand(self, image: Image) -> Expansion:
        """Read an image and expand it as a prompt has it.

        Raises:
            TurnFailed: the image is at fault.
        """
        try:
            picture = self.images.load(image)
        except ImageFault as error:
            raise TurnFailed(str(error)) from error
        return self.processor.expand(image.sha256, picture, lambda: self.images.load(image))


def _check_sampling(sampling: SamplingConfig) -> None:
    if sampling.thinking_tokens is not None:
        raise ConfigError(
            "sampling.thinking_tokens is set, and model.backend transformers cannot end reasoning"
        )


class TransformersChat:
    """One dialogue in the engine: its token ids so far, its images, its keys and values."""

    def __init__(self, backend: TransformersBackend) -> None:
        self._backend = backend
        self._history = backend.history()
        self._images: tuple[tuple[Image, Expansion], ...] = ()
        self._kept = DialogueCache()

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Answer one turn; the history grows only when it was answered."""
        ids, images, prompt = await asyncio.to_thread(self._prompt, request)
        reply = await self._backend.generate(prompt, self._kept, request)
        self._history.accept(ids, reply.token_ids or ())
        self._images = images
        return replace(reply, input_sizes=self._backend.input_sizes.of([i for i, _ in images]))

    def _prompt(
        self, request: ChatRequest
    ) -> tuple[list[int], tuple[tuple[Image, Expansion], ...], Prompt]:
        ids = self._history.prompt(request)
        new = tuple((image, self._backend.expand(image)) for image in request.message.images)
        images = self._images + new
        prompt = Prompt(ids, self._backend.processor.mark, [e for _, e in images])
        return ids, images, prompt
