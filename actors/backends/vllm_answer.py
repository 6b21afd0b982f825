"""What is asked of vLLM and read from it: special tokens stay, the end of the turn does not.

In: sampling settings and vLLM's ``RequestOutput``. Out: ``SamplingParams`` and ``ChatReply``. A box
or reasoning may be written in special tokens (``<|box_start|>``, ``<loc0001>``, ``[THINK]``), so
vLLM must not drop them; those that end a turn are taken off here.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from actors.backends.answer_end import AnswerEnd
from actors.backends.base import ChatReply
from actors.backends.sampling_values import drawn_values
from actors.conversation import ChatRequest
from conf.model import SamplingConfig


class AnswerFormat:
    """Where an answer of a checkpoint ends; vLLM is imported by the constructor.

    ``stop_ids`` are the tokens on which vLLM stops, ``closing`` those that the chat template writes
    after an answer. ``stated`` is what the checkpoint's generation_config.json says of sampling.
    """

    def __init__(
        self,
        tokenizer: Any,
        stop_ids: Collection[int],
        closing: Sequence[int],
        stated: Mapping[str, Any] | None = None,
    ) -> None:
        from vllm import SamplingParams  # noqa: PLC0415
        from vllm.sampling_params import (  # noqa: PLC0415
            RequestOutputKind,
            StructuredOutputsParams,
        )

        self._end = AnswerEnd(tokenizer, stop_ids, closing)
        self.ends = self._end.ids
        self._stated = stated or {}
        self._params = SamplingParams
        self._structured = StructuredOutputsParams
        self._final_only = RequestOutputKind.FINAL_ONLY

    def params(self, sampling: SamplingConfig, request: ChatRequest) -> Any:
        """Return vLLM's SamplingParams for one turn; one output comes, when all is generated."""
        schema = request.json_schema
        return self._params(
            structured_outputs=self._structured(json=schema, disable_any_whitespace=True)
            if schema
            else None,
            **drawn_values(sampling, self._stated),
            max_tokens=sampling.max_tokens,
            thinking_token_budget=sampling.thinking_tokens,
            seed=request.seed,
            skip_special_tokens=False,
            output_kind=self._final_only,
        )

    def text(self, generated: str) -> str:
        """Return a text without the marks that end a turn."""
        return self._end.text(generated)

    def reply(self, output: Any) -> ChatReply:
        """Read vLLM's RequestOutput; the reply's token ids are those that were generated."""
        answer = output.outputs[0]
        return ChatReply(
            text=self.text(answer.text),
            finish_reason=answer.finish_reason or "unknown",
            prompt_tokens=len(output.prompt_token_ids),
            cached_tokens=output.num_cached_tokens or 0,
            completion_tokens=len(answer.token_ids),
            token_ids=answer.token_ids,
        )
