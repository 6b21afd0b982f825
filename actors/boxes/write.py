"""How a checkpoint is asked for a region of interest, and writes it.

In: the name of a dialect and a box in pixels of the stored image. Out: text.
``pipeline.parsing.boxes`` reads the same forms back.
"""

from actors.boxes.coordinates import Size
from actors.boxes.dialects import dialect_named
from actors.schema import Box


def instruction(dialect: str) -> str:
    """Return the sentence that tells the model how to write a region; empty for ``none``.

    Raises:
        ValueError: an unknown dialect.
    """
    return dialect_named(dialect).instruction


def format_box(dialect: str, box: Box, image_size: Size, input_size: Size | None = None) -> str:
    """Write ``box`` the way a model of ``dialect`` would; empty for ``none``.

    Args:
        dialect: one of ``conf.schema.BOX_DIALECTS``.
        box: x0, y0, x1, y1 in pixels of the stored image, with an area.
        image_size: width and height of the stored image in pixels.
        input_size: width and height at which the image enters the model; ``qwen25`` needs it.

    Raises:
        ValueError: an unknown dialect, or no input size where the dialect needs one.
    """
    entry = dialect_named(dialect)
    space = input_size if entry.input_pixels else image_size
    if space is None:
        raise ValueError(f"dialect {dialect} writes pixels of the model's input: give input_size")
    numbers = entry.coordinates.encode(box, image_size, space)
    return entry.form.format(*entry.ordered(numbers))
