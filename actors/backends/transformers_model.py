"""A vision-language model of transformers: loaded, and run on prompts and on batches of tokens.

In: ``Prompt`` and keys and values computed before. Out: logits of the next token, and keys and
values. What the vision part made of an image is kept by the image's hash.
"""

import hashlib
import inspect
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from actors.backends.transformers_cache import BatchCache, Layers
from actors.backends.transformers_prompt import Prompt, Span
from actors.backends.transformers_settings import EngineSettings
from conf.errors import ConfigError

# Layers whose state is all in keys and values, one per token.
_ATTENTION = frozenset({"full_attention", "sliding_attention", "chunked_attention"})
# Why families, by their model_type, would need another way of running them.
_OTHERWISE = {
    "kosmos-2": "its processor takes one image, at the beginning of a prompt",
    "mllama": "its text reads images by cross-attention",
    "paligemma": "its attention over a prompt runs both ways, so earlier turns cannot be kept",
    "instructblip": "its vision part reads the question as well as the image",
    "instructblipvideo": "its vision part reads the question as well as the image",
}


class TransformersModel:
    """The weights of one checkpoint on their devices, once ``load`` was called.

    The constructor imports torch and reads the checkpoint's configuration.
    """

    def __init__(self, source: str, settings: EngineSettings, *, trust_remote_code: bool) -> None:
        import torch  # noqa: PLC0415
        from transformers import AutoConfig  # noqa: PLC0415

        self._torch = torch
        self._settings = settings
        self._trusts = trust_remote_code
        config = AutoConfig.from_pretrained(source, trust_remote_code=trust_remote_code)
        check_runnable(config)
        self.image_token = image_token(config)
        self._model: Any = None
        self._base: Any = None
        text = config.get_text_config(decoder=True)
        self.context = settings.max_model_len or int(text.max_position_embeddings)

    def load(self, source: str) -> None:
        """Load a checkpoint's weights, in place of any that were there."""
        from transformers import AutoModelForImageTextToText  # noqa: PLC0415

        self._model = self._base = None  # first, so that two never fill a GPU
        settings = self._settings
        given = {
            "device_map": settings.device_map,
            "attn_implementation": settings.attn_implementation,
        }
        model = AutoModelForImageTextToText.from_pretrained(
            source,
            dtype=settings.dtype,
            trust_remote_code=self._trusts,
            **{key: value for key, value in given.items() if value is not None},
        )
        if settings.device_map is None and self._torch.cuda.is_available():
            model = model.to("cuda:0")  # any device_map would need the package accelerate
        self._model = model.eval()
        self._device = self._model.get_input_embeddings().weight.device
        self._base = self._model.base_model
        self._takes = _parameters(self._model.forward) | _parameters(self._base.forward)
        self._features = _Features(self._base, self._settings.vision_cache_memory_bytes)

    @property
    def stop_ids(self) -> set[int]:
        """The tokens on which generation stops, by the checkpoint's generation config."""
        stops = self._model.generation_config.eos_token_id
        return (set(stops) if isinstance(stops, list) else {stops}) - {None}

    @property
    def stated_sampling(self) -> dict[str, Any]:
        """What the checkpoint's generation_config.json says of sampling, and perhaps more."""
        stated: dict[str, Any] = self._model.generation_config.to_diff_dict()
        return stated

    def checksum(self) -> str:
        """Hash the parameters and buffers."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self._model.state_dict().items()):
            digest.update(f"{name}\x00{tensor.dtype}\x00{tuple(tensor.shape)}".encode())
            flat = tensor.detach().cpu().contiguous().reshape(-1)
            digest.update(flat.view(self._torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def prefill(self, prompt: Prompt, known: int, layers: Layers) -> tuple[Any, Layers, int]:
        """Compute a prompt from its token ``known`` on.

        Args:
            prompt: all of it.
            known: how many of its tokens ``layers`` hold.
            layers: keys and values of those and perhaps of further tokens, which do not count.

        Returns:
            Logits of the next token [vocabulary], keys and values of the prompt, and what is added
            to a token's number to get its position.
        """
        from transformers.cache_utils import DynamicCache  # noqa: PLC0415

        past = DynamicCache([(k[:, :, :known], v[:, :, :known]) for k, v in layers] or None)
        positions, shift = self._positions(prompt)
        logits = None
        with self._torch.inference_mode():
            for start, end, span in prompt.segments(known):
                logits = self._model(
                    input_ids=self._tensor([prompt.ids[start:end]]),
                    attention_mask=self._tensor([[1] * end]),
                    position_ids=positions[..., start:end],
                    past_key_values=past,
                    use_cache=True,
                    logits_to_keep=1,
                    **self._types(prompt, end, span),
                    **self._image(span),
                ).logits[0, -1]
        return logits, [(layer.keys, layer.values) for layer in past.layers], shift

    def step(self, tokens: Sequence[int], shifts: Sequence[int], batch: BatchCache) -> Any:
        """Compute one token for each row of a batch; return the logits of the next ones."""
        torch = self._torch
        past = batch.before_step()
        lengths = torch.tensor(batch.lengths)
        width = int(lengths.max()) + 1
        mask = torch.arange(width)[None] >= width - 1 - lengths[:, None]
        positions = (lengths + torch.tensor(list(shifts)))[:, None].to(self._device)
        with torch.inference_mode():
            logits = self._model(
                input_ids=self._tensor([[token] for token in tokens]),
                attention_mask=mask.long().to(self._device),
                position_ids=positions.expand(3, -1, -1) if self._has_grid else positions,
                past_key_values=past,
                use_cache=True,
                logits_to_keep=1,
            ).logits[:, -1]
        batch.after_step()
        return logits

    @property
    def _has_grid(self) -> bool:
        """Whether positions are of time, height and width."""
        return hasattr(self._base, "get_rope_index")

    def _positions(self, prompt: Prompt) -> tuple[Any, int]:
        count = len(prompt.ids)
        plain = self._torch.arange(count, device=self._device)[None]
        if not self._has_grid:
            return plain, 0
        if not prompt.spans:
            return plain.expand(3, -1, -1), 0
        positions, _ = self._base.get_rope_index(
            self._tensor([prompt.ids]),
            mm_token_type_ids=self._tensor([self._kinds(prompt, count)]),
            image_grid_thw=self._torch.cat([s.image.grid for s in prompt.spans]).to(self._device),
        )
        return positions, int(positions.max()) + 1 - count

    def _kinds(self, prompt: Prompt, end: int) -> list[int]:
        """Return 1 for tokens that stand for a piece of an image, 0 for others."""
        kinds = [0] * end
        for span in prompt.spans:
            for n in range(span.start, min(span.end, end)):
                kinds[n] = int(prompt.ids[n] == self.image_token)
        return kinds

    def _types(self, prompt: Prompt, end: int, span: Span | None) -> dict[str, Any]:
        """Return the kinds of all tokens up to ``end``, where new ones are of an image."""
        names = self._takes & {"token_type_ids", "mm_token_type_ids"}
        if span is None:
            return {}
        kinds = self._tensor([self._kinds(prompt, end)])
        return dict.fromkeys(names, kinds)

    def _image(self, span: Span | None) -> dict[str, Any]:
        if span is None:
            return {}
        if "mm_encoder_outputs" in self._takes and self._features.known:
            return {"mm_encoder_outputs": {"image": self._features.of(span, self._moved)}}
        return {k: v for k, v in self._moved(span.image.inputs()).items() if k in self._takes}

    def _moved(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Move tensors to the model, those of real numbers in its type."""
        dtype = self._model.dtype
        return {
            name: value.to(self._device, dtype if value.is_floating_point() else None)
            for name, value in inputs.items()
            if hasattr(value, "is_floating_point")
        }

    def _tensor(self, rows: list[list[int]]) -> Any:
        return self._torch.tensor(rows, dtype=self._torch.long, device=self._device)


class _Features:
    """What a model's vision part made of images, the latest ones up to some bytes."""

    def __init__(self, base: Any, limit: int) -> None:
        self._compute: Any = getattr(base, "get_image_features", None)
        self.known = self._compute is not None
        self._takes = _parameters(self._compute) if self.known else frozenset()
        self._limit = limit
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._bytes = 0

    def of(self, span: Span, moved: Any) -> Any:
        """Return the features of an image, computed at most once while they are kept."""
        name = span.image.name
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name][0]
        inputs = moved(span.image.inputs())
        inputs = {key: value for key, value in inputs.items() if key in self._takes}
        features = self._compute(**inputs, return_dict=True)
        size = _bytes_of(features)
        self._kept[name] = (features, size)
        self._bytes += size
        while self._bytes > self._limit and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1][1]
        return features


def check_runnable(config: Any) -> None:
    """Check that a checkpoint's configuration is one that this backend can run.

    Raises:
        ConfigError: it is not; the reason in one sentence.
    """
    from transformers.models.auto.modeling_auto import (  # noqa: PLC0415
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as KNOWN,
    )

    kind = config.model_type
    name = (getattr(config, "architectures", None) or [kind])[0]
    remote = "AutoModelForImageTextToText" in (getattr(config, "auto_map", None) or {})
    text = config.get_text_config(decoder=True)
    other = set(getattr(text, "layer_types", None) or ()) - _ATTENTION
    reason = _OTHERWISE.get(kind)
    if getattr(config, "is_encoder_decoder", False) or getattr(text, "is_encoder_decoder", False):
        reason = "it is an encoder-decoder, which holds no conversation"
    elif kind not in KNOWN and not remote:
        reason = "transformers has no model of images and text for it"
    elif other:
        reason = f"its layers of {', '.join(sorted(other))} keep more than keys and values"
    if reason:
        raise ConfigError(f"model.backend transformers does not run {name}: {reason}")


def image_token(config: Any) -> int:
    """Return the token that stands for a piece of an image.

    Raises:
        ConfigError: the configuration names none.
    """
    found = (getattr(config, name, None) for name in ("image_token_id", "image_token_index"))
    token = next((token for token in found if token is not None), None)
    if token is None:
        raise ConfigError(f"config.json of {config.model_type} names no image token")
    return int(token)


def _parameters(function: Any) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters)


def _bytes_of(value: Any) -> int:
    """Return the memory of all tensors in nested sequences and mappings."""
    if hasattr(value, "element_size"):
        return int(value.numel() * value.element_size())
    if isinstance(value, Mapping):
        return sum(_bytes_of(v) for v in value.values())
    if isinstance(value, list | tuple):
        return sum(_bytes_of(v) for v in value)
    return 0
