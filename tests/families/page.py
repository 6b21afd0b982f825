"""docs/models.md, written from tests/families/results.json.

In: the results as ``tests.families.matrix`` keeps them. Out: the page's text.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.families.all import FAMILIES, NOT_TRIED
from tests.families.family import Family

RESULTS = Path(__file__).parent / "results.json"
PAGE = Path(__file__).parents[2] / "docs/models.md"
_LONGEST = 260  # characters of a reason

_HEAD = """# Models

Which families of vision-language models run, tried with `make families`: for each, a checkpoint
of about a million random parameters is made from the family's own configuration, processor and
special tokens, with a chat template of the family's form, and asked a dialogue of three turns with
two images. The page is written from `tests/families/results.json`; do not edit it.

*runs* means, on the backend itself: every turn is answered, each prompt begins with the ids of the
prompt and the answer before it, the prefix cache covers these, the first prompt is what the
family's own processor makes of it, the system prompt is in it, and a box in the family's dialect
survives the family's tokenizer. It says nothing of how well a model answers, nor of GPUs: all of
this ran on CPUs, in float32, with {software}.

"""
_TAIL = """
Columns:

- **settings**: what `model.chat` has to be set to, apart from its defaults.
- **box dialect**: the one that was tried, the family's own where it is known (see
  [boxes.md](boxes.md)).
- **input size**: whether the size at which an image entered the model is in the turn outputs.
- **torchvision**: whether the processor needs it (SmolVLM: num2words, too), or vLLM's module
  alone. On GPUs it comes with vLLM. `requirements/cpu.lock` leaves it out, since PyPI's build does
  not import beside PyTorch's CPU build; `make families` puts one into `build/`, and
  `tests/families/torchvision_operators` declares what it lacks.

Not tried, on neither backend:

{untried}

A checkpoint that transformers 5 has saved again may name its weights otherwise than the published
one (`vision_tower.` without `vision_model.`, for CLIP and SigLIP towers); vLLM {vllm} loads the
published names alone and says that there is no such module.

To add a family: a `Family` in `tests/families/`, its name in `tests/families/all.py`, then
`python -m tests.families.matrix NAME`.
"""


def page(results: Mapping[str, Any]) -> str:
    """Write the page."""
    software = results["software"]
    named = ", ".join(f"{name} {number}" for name, number in sorted(software.items()))
    header = ("family", "architecture", "vLLM", "transformers", "box dialect", "settings",
              "input size", "torchvision")  # fmt: skip
    rows = [
        _row(family, results["families"][name])
        for name, family in FAMILIES.items()
        if name in results["families"]
    ]
    lines = [header, ("---",) * len(header), *rows]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    untried = "\n".join(f"- {title} (`{name}`): {why}." for title, name, why in NOT_TRIED)
    tail = _TAIL.format(vllm=software["vLLM"], untried=untried)
    return _HEAD.format(software=named) + table + "\n" + tail


def _row(family: Family, outcomes: Mapping[str, Any]) -> tuple[str, ...]:
    ran = [o for o in outcomes.values() if o["outcome"] == "runs"]
    architecture = next((o["architecture"] for o in outcomes.values() if "architecture" in o), "")
    return (
        family.title,
        f"`{architecture}`" if architecture else "",
        _cell(family, outcomes.get("vllm")),
        _cell(family, outcomes.get("transformers")),
        f"`{family.dialect}`",
        ", ".join(f"`{key}: {value}`" for key, value in family.chat.items()),
        "–" if not ran else "yes" if any(o.get("input_sizes") for o in ran) else "no",
        "yes" if family.torchvision else "vLLM" if family.vllm_torchvision else "no",
    )


def _cell(family: Family, outcome: Mapping[str, Any] | None) -> str:
    if outcome is None:
        return "not tried"
    if outcome["outcome"] == "runs":
        return f"runs; {family.differs}" if family.differs else "runs"
    reason = re.sub(r"\s+", " ", outcome["reason"]).replace("|", "\\|").strip()
    if len(reason) > _LONGEST:
        reason = reason[: reason.rindex(" ", 0, _LONGEST)] + " …"
    return f"{outcome['outcome']}: {reason}"
