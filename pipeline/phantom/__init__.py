"""The synthetic dataset: images, findings and dialogues drawn from a seed."""
