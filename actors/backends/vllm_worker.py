"""A mixin for vLLM's workers: the engine imports it by its name.

An output layer that is tied to the embeddings has no weights of its own to load, so a reload passes
over it; on CPUs it holds a packed copy of the old ones (vLLM 0.32).
"""

from typing import Any


class ReloadingWorker:
    """Mixin of vLLM's worker class where weights are to be reloaded."""

    model_runner: Any

    def pack_output_layers(self) -> int:
        """Pack the output layers again from their weights; return how many."""
        from vllm.model_executor.layers.vocab_parallel_embedding import (  # noqa: PLC0415
            ParallelLMHead,
        )

        packed = 0
        for layer in self.model_runner.get_model().modules():
            if isinstance(layer, ParallelLMHead) and hasattr(layer, "cpu_linear"):
                layer.quant_method.process_weights_after_loading(layer)
                packed += 1
        return packed
