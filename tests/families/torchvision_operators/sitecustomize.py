"""Declares two operators of torchvision in every Python process that has this folder on its path.

PyPI's torchvision is built against CUDA. Beside PyTorch's CPU build its compiled operators do not
load, and its import fails because it registers shapes for two of them. Declared and left
without a body, they let the Python half be imported, which is all that image processors use.
"""

import torch

OPERATORS = torch.library.Library("torchvision", "DEF")
for _name in ("nms", "qnms"):
    OPERATORS.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
