"""The families in the order of docs/models.md."""

from tests.families.cohere import COHERE2_VISION
from tests.families.gemma import GEMMA3, GEMMA4, PALIGEMMA
from tests.families.glm import GLM4V
from tests.families.idefics import IDEFICS2, IDEFICS3
from tests.families.internvl import INTERNVL
from tests.families.kosmos import KOSMOS2
from tests.families.lfm import LFM2_VL
from tests.families.llama import MLLAMA
from tests.families.llava import LLAVA, LLAVA_NEXT, LLAVA_ONEVISION
from tests.families.minicpm import MINICPMV4_6
from tests.families.mistral import MISTRAL3, PIXTRAL
from tests.families.phi import PHI4_MULTIMODAL
from tests.families.qwen import QWEN2_5_VL, QWEN2_VL, QWEN3_VL

FAMILIES = {
    family.name: family
    for family in (
        *(QWEN2_VL, QWEN2_5_VL, QWEN3_VL, GEMMA3, GEMMA4, PALIGEMMA, INTERNVL, GLM4V),
        *(LLAVA, LLAVA_NEXT, LLAVA_ONEVISION, PIXTRAL, MISTRAL3, IDEFICS3, MINICPMV4_6),
        *(COHERE2_VISION, LFM2_VL, PHI4_MULTIMODAL, MLLAMA, IDEFICS2, KOSMOS2),
    )
}
