"""Prompts as vLLM's engine takes them, its image cache kept true where a prompt is not sent.

In: token ids and decoded images. Out: rendered engine input. Rendering notes an image as known to
the engine's process, and its pixels are not sent again. So an image that was rendered but not sent
must be forgotten: the next request with it would miss it in the engine.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from actors.backends.base import TurnFailed
from actors.backends.vllm_template import images_expanded
from actors.schema import Image

ShownImage = tuple[Image, Any]  # its row in the dataset, and its pixels as PIL has them


class PromptRenderer:
    """Renders prompts with vLLM's own renderer; vLLM is imported by the constructor.

    Images are named by their SHA-256.
    """

    def __init__(self, renderer: Any, model_config: Any) -> None:
        from vllm.exceptions import VLLMClientError  # noqa: PLC0415
        from vllm.renderers.inputs.preprocess import parse_model_prompt  # noqa: PLC0415

        self._renderer = renderer
        self._model_config = model_config
        self._parse = parse_model_prompt
        self.refusals = (ValueError, VLLMClientError)

    async def render(self, ids: list[int], images: Sequence[ShownImage], answer_tokens: int) -> Any:
        """Return the engine's input for ids in which an image is as the template wrote it.

        Raises:
            TurnFailed: vLLM refuses the prompt, or it and the answer do not fit the context.
        """
        ids = images_expanded(self._renderer, ids, [image for image, _ in images])
        prompt: dict[str, Any] = {"prompt_token_ids": ids}
        if images:
            prompt["multi_modal_data"] = {"image": [pixels for _, pixels in images]}
            prompt["multi_modal_uuids"] = {"image": [image.sha256 for image, _ in images]}
        try:
            parsed = self._parse(self._model_config, prompt)
            (rendered,) = await self._renderer.render_cmpl_async([parsed])
        except self.refusals as error:  # of a prompt longer than the context, for one
            raise TurnFailed(f"prompt refused: {error}") from error
        needed = len(rendered["prompt_token_ids"]) + answer_tokens
        if needed > self._model_config.max_model_len:
            raise TurnFailed(
                f"context too short: prompt and answer need {needed} tokens, "
                f"the engine has {self._model_config.max_model_len}"
            )
        return rendered

    @contextmanager
    def forgetting_unsent(self, images: Sequence[str]) -> Iterator[None]:
        """Forget images that were not known before, if what is done with them fails."""
        cache = self._renderer.mm_processor_cache
        new = [name for name in images if cache is not None and not cache.is_cached_item(name)]
        try:
            yield
        except BaseException:
            self.forget(new)
            raise

    def forget(self, images: Sequence[str]) -> None:
        """Have the pixels of these images sent with the next prompt that shows them."""
        cache = self._renderer.mm_processor_cache
        if cache is not None:
            for name in images:
                cache.invalidate(name)
