"""vLLM in process: one AsyncLLM per actor, token-exact histories, images named by content.

In: ``ChatRequest``. Out: ``ChatReply`` with vLLM's own token counts. The prompt of turn n + 1 is
the prompt of turn n, the ids that were generated, and the ids of the template's text between:
nothing that the engine has read is tokenised again, so its prefix cache holds from turn to turn.
"""

import asyncio
import hashlib
import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from actors.backends.base import (
    UNANSWERED,
    ChatReply,
    EngineDead,
    ReloadError,
    TurnFailed,
    ask_again_once,
)
from actors.backends.input_sizes import known_sizes
from actors.backends.token_history import History, begin_history
from actors.backends.vllm_adapter import adapter_arguments, adapter_request
from actors.backends.vllm_answer import AnswerFormat
from actors.backends.vllm_prompt import PromptRenderer
from actors.backends.vllm_template import (
    check_rendering,
    engine_arguments,
    hf_processor,
    renderer_without_engine,
    thinking_arguments,
    vllm_template,
)
from actors.checkpoints import local_folder
from actors.conversation import ChatRequest
from actors.images import ImageFault, ImageStore
from actors.schema import Dialogue, Image
from conf.judge import JudgeConfig
from conf.model import ModelConfig, SamplingConfig
from conf.schema import RunConfig

# JSON allows any amount of white space between its parts: unless that is ruled out, a model can
# stay within the schema and never come to its first word.
_STRUCTURED = {"backend": "xgrammar", "disable_any_whitespace": True}
_WORKER = "actors.backends.vllm_worker.ReloadingWorker"


def run_backend(config: RunConfig, *, reloads: bool) -> "VllmBackend":
    """Make a run's engine; ``reloads``: its weights are to be reloaded later."""
    return VllmBackend(config.model, config.sampling, config.dataset.uri, reloads=reloads)


def judge_backend(judge: JudgeConfig, dataset_uri: str) -> "VllmBackend":
    """Make a judge's engine, whose answers can be held to a JSON schema."""
    model = ModelConfig(
        name=judge.name,
        source=judge.model,
        backend="vllm",
        box_dialect="none",
        trust_remote_code=False,
        engine={"structured_outputs_config": _STRUCTURED} | judge.engine,
        script={"error_rate": 0.0, "delay_s": 0.0},
    )
    sampling = SamplingConfig(
        max_tokens=judge.max_tokens, temperature=judge.temperature, top_p=1.0, seed=judge.seed
    )
    return VllmBackend(model, sampling, dataset_uri, needs_images=False)


class VllmBackend:
    """The engine of one actor; torch and vLLM are imported by its constructor.

    ``reloads``: its weights are to be reloaded later. ``needs_images``: a checkpoint to which none
    can be shown is refused.
    """

    def __init__(
        self,
        model: ModelConfig,
        sampling: SamplingConfig,
        dataset_uri: str,
        *,
        reloads: bool = False,
        needs_images: bool = True,
    ) -> None:
        if importlib.util.find_spec("vllm") is None:
            raise ImportError("vLLM is not installed; install the extra 'cpu' or 'gpu'")
        source = local_folder(model.source)
        # Before the engine takes a GPU for some minutes: what cannot be rendered ends here.
        renderer = renderer_without_engine(source, model)
        check_rendering(renderer, model.chat, needs_images=needs_images)
        self.input_sizes = known_sizes(hf_processor(renderer), model)

        adapter = None if model.adapter is None else local_folder(model.adapter)
        self._adapter = None if adapter is None else adapter_request(adapter)

        from vllm import AsyncEngineArgs  # noqa: PLC0415
        from vllm.v1.engine.async_llm import AsyncLLM  # noqa: PLC0415
        from vllm.v1.engine.exceptions import EngineDeadError  # noqa: PLC0415

        self._engine = AsyncLLM.from_engine_args(
            AsyncEngineArgs(
                enable_log_requests=False,
                **({"worker_extension_cls": _WORKER} if reloads else {}),
                **(adapter_arguments(adapter, model.engine) if adapter is not None else {})
                | engine_arguments(source, model),
                **thinking_arguments(renderer, model, sampling),
            )
        )
        self._source = model.source
        self._dead_error = EngineDeadError
        self._prompts = PromptRenderer(self._engine.renderer, self._engine.model_config)
        self.refusals = self._prompts.refusals
        self.dataset_uri = dataset_uri
        self.images = ImageStore(dataset_uri)
        self._tokenizer = self._engine.get_tokenizer()
        self._sampling = sampling
        self._template = vllm_template(self._engine.renderer, model.chat)
        generation: dict[str, Any] = self._engine.model_config.try_get_generation_config()
        self.format = AnswerFormat(
            self._tokenizer, self._stop_ids(generation), self._template.closing(), generation
        )

    def _stop_ids(self, generation: Mapping[str, Any]) -> set[int]:
        """Return the tokens on which vLLM stops: of the tokenizer and the generation config."""
        stops = generation.get("eos_token_id")
        ids: set[int | None] = set(stops) if isinstance(stops, list) else {stops}
        ids.add(self._engine.renderer.get_eos_token_id())
        return {stop for stop in ids if stop is not None}

    def open(self, dialogue: Dialogue) -> "VllmChat":
        """Start a chat; gold in the dialogue is not used."""
        return VllmChat(self, dialogue.dialogue_id)

    async def reload(self, model: ModelConfig, sampling: SamplingConfig) -> None:
        """Load other weights in place; tokenizer, processor and decoded images stay.

        A reload alone leaves keys and values of the old weights in the prefix cache, and the
        scheduler would still count on encoder outputs that the worker drops.
        """
        try:
            await self._engine.pause_generation(mode="wait", clear_cache=False)
            if model.source != self._source:
                path = await asyncio.to_thread(local_folder, model.source)
                await self._engine.collective_rpc("reload_weights", kwargs={"weights_path": path})
                await self._engine.collective_rpc("pack_output_layers")
                self._source = model.source
            await self._forget()
            await self._engine.resume_generation()
        except self._dead_error as error:
            raise EngineDead(str(error)) from error
        except ReloadError:
            raise
        except Exception as error:  # vLLM passes on what its worker raised as a bare Exception
            raise ReloadError(f"weights of {model.source} were not loaded: {error}") from error
        self._sampling = sampling

    async def _forget(self) -> None:
        """Drop everything computed: keys and values, encoder outputs, processed images."""
        if not await self._engine.reset_prefix_cache():
            raise ReloadError("the prefix cache could not be emptied: blocks are in use")
        await self._engine.reset_mm_cache()
        await self._engine.reset_encoder_cache()

    async def checksum(self) -> str:
        """Hash the workers' parameters; copies that a kernel packed are not covered."""
        checksums = await self._engine.compute_weight_checksums()
        return hashlib.sha256(json.dumps(checksums, sort_keys=True).encode()).hexdigest()

    def close(self) -> None:
        """Stop the engine's process and wait for it."""
        self._engine.shutdown()

    def history(self) -> History:
        """Begin a history of token ids."""
        return begin_history(self._template, self.format.ends, self._decode)

    def prompt_text(self, request: ChatRequest) -> str:
        """Return a dialogue's first prompt as text, special tokens included."""
        return self._decode(self._template.first(request))

    def _decode(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=False)
        return text

    async def generate(self, ids: list[int], images: Sequence[Image], request: ChatRequest) -> Any:
        """Run one request to its end and return vLLM's RequestOutput.

        An output whose finish_reason is in ``UNANSWERED`` is no answer; asked again, its images
        are sent again.

        Raises:
            TurnFailed: an image is at fault or prompt and answer do not fit the context.
            EngineDead: the engine process is gone.
        """
        try:
            shown = [(i, await asyncio.to_thread(self.images.load, i)) for i in images]
        except ImageFault as error:
            raise TurnFailed(str(error)) from error
        names = [image.sha256 for image in images]
        with self._prompts.forgetting_unsent(names):
            rendered = await self._prompts.render(ids, shown, self._sampling.max_tokens)
            params = self.format.params(self._sampling, request)
            request_id = f"{request.dialogue_id}/{request.turn}"
            try:
                # FINAL_ONLY gives one output; leaving the generator early would abort the request.
                asked = self._engine.generate(
                    rendered, params, request_id, lora_request=self._adapter
                )
                (final,) = [output async for output in asked]
            except self._dead_error as error:
                raise EngineDead(str(error)) from error
            except self.refusals as error:
                raise TurnFailed(f"prompt refused: {error}") from error
        if final.outputs[0].finish_reason in UNANSWERED:
            self._prompts.forget(names)
        return final


class VllmChat:
    """One dialogue in the engine: the token ids so far and the images they stand for."""

    def __init__(self, backend: VllmBackend, dialogue_id: str) -> None:
        self._backend = backend
        self._dialogue_id = dialogue_id
        self._history = backend.history()
        self._images: tuple[Image, ...] = ()

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Answer one turn; the history grows only when it was answered."""
        try:
            ids = self._history.prompt(request)
        except self._backend.refusals as error:
            raise TurnFailed(f"prompt refused: {error}") from error
        images = self._images + request.message.images

        async def once() -> ChatReply:
            return self._backend.format.reply(await self._backend.generate(ids, images, request))

        reply = await ask_again_once(once)
        self._history.accept(ids, reply.token_ids or ())
        self._images = images
        return replace(reply, input_sizes=self._backend.input_sizes.of(images))
