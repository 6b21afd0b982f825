"""Two finished runs to a verdict: is the candidate worse?"""
