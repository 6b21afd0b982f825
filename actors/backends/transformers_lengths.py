"""Prompts as the transformers backend would have them, measured without weights."""

from PIL import Image as PIL

from actors.backends.base import TurnFailed
from actors.backends.input_sizes import known_sizes
from actors.backends.prompt_lengths import PromptMeasure
from actors.backends.transformers_model import check_runnable, image_token
from actors.backends.transformers_prompt import TransformersProcessor
from actors.backends.transformers_settings import EngineSettings
from actors.checkpoints import local_folder
from actors.schema import Image
from conf.errors import ConfigError
from conf.model import ModelConfig
from conf.schema import RunConfig


def prompt_measure(config: RunConfig) -> PromptMeasure:
    """Check all that an actor checks before it loads weights; return how prompts are measured.

    Raises:
        ConfigError: the checkpoint, its template or the settings cannot be used.
    """
    return measure(config.model, runnable=True)


def measure(model: ModelConfig, *, runnable: bool) -> PromptMeasure:
    """Return how prompts are measured; ``runnable``: of a checkpoint that this backend runs.

    Raises:
        ConfigError: as ``prompt_measure``.
    """
    from transformers import AutoConfig  # noqa: PLC0415

    source, settings = local_folder(model.source), EngineSettings(**model.engine)
    try:
        config = AutoConfig.from_pretrained(source, trust_remote_code=model.trust_remote_code)
        if runnable:
            check_runnable(config)
        processor = TransformersProcessor(
            source,
            model.chat,
            trust_remote_code=model.trust_remote_code,
            image_token=image_token(config),
            overrides=settings.mm_processor_kwargs,
        )
    except ConfigError:
        raise
    except Exception as error:  # of transformers, or of the checkpoint's own code
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ConfigError(f"transformers cannot read {model.source}: {reason}") from error
    if runnable:
        known_sizes(processor.processor, model)

    def image_tokens(image: Image) -> int:
        picture = PIL.new("RGB", (image.width, image.height))
        try:
            return len(processor.expand("0", picture, lambda: picture).ids) - 1
        except TurnFailed as error:
            raise ConfigError(f"{image.width} x {image.height} pixels: {error}") from error

    context = settings.max_model_len
    return PromptMeasure(
        template=processor.template,
        image_tokens=image_tokens,
        most_images=2**31,
        context=context or int(config.get_text_config(decoder=True).max_position_embeddings),
    )
