"""How data moves: dataset, generate, score, reduce, report."""
