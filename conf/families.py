"""How families of checkpoints write boxes, by the ``model_type`` of their config.json.

A family's own documents decide; a fine-tune may write otherwise, so this is what to try first and
never what a run assumes: ``model.box_dialect`` is always declared.
"""

FAMILY_DIALECTS = {
    "qwen_vl": "qwen",
    "qwen2_vl": "qwen",
    "qwen2_5_vl": "qwen25",
    "qwen3_vl": "norm1000",
    "qwen3_vl_moe": "norm1000",
    "glm4v": "norm1000",
    "glm4v_moe": "norm1000",
    "internvl": "internvl",
    "internvl_chat": "internvl",
    "paligemma": "paligemma",
    "florence2": "florence2",
    "kosmos-2": "kosmos2",
    "molmo": "molmo",
    "gemma3": "gemini",  # MedGemma, too
    "gemma3n": "gemini",
    "idefics3": "norm1000",  # not taught to point: the default, as this project trains its own
    "smolvlm": "norm1000",
    "llava": "norm1",
    "llava_next": "norm1",
}
