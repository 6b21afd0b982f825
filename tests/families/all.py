"""The families in the order of docs/models.md."""

from tests.families.cohere import COHERE2_VISION
from tests.families.gemma import GEMMA3, GEMMA4, PALIGEMMA
from tests.families.glm import GLM4V
from tests.families.idefics import IDEFICS2, IDEFICS3, SMOLVLM
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
        *(LLAVA, LLAVA_NEXT, LLAVA_ONEVISION, PIXTRAL, MISTRAL3, IDEFICS3, SMOLVLM, MINICPMV4_6),
        *(COHERE2_VISION, LFM2_VL, PHI4_MULTIMODAL, MLLAMA, IDEFICS2, KOSMOS2),
    )
}

_REMOTE = "its configuration and processor are code of the checkpoint, which is not packaged"
# Title, architecture and reason.
NOT_TRIED = (
    ("Kimi-VL", "KimiVLForConditionalGeneration", _REMOTE),
    ("MiniCPM-V 2.6 to 4.5", "MiniCPMV", _REMOTE),
    ("Molmo", "MolmoForCausalLM", _REMOTE),
    ("InternVL (published form)", "InternVLChatModel", _REMOTE),
    ("Phi-4-multimodal (published form)", "Phi4MMForCausalLM", _REMOTE),
    (
        "Pixtral (consolidated weights)",
        "PixtralForConditionalGeneration",
        "its tokenizer file is mistral-common's, which no library writes",
    ),
    ("Llama 4", "Llama4ForConditionalGeneration", "mixture of experts: no tiny one was made"),
    ("Qwen3-VL-MoE", "Qwen3VLMoeForConditionalGeneration", "as Llama 4"),
)
