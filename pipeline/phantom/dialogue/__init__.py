"""Questions, answers and annotation of a phantom scene."""
