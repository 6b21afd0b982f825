"""Openings of answers, generated: each beginning with each word and each continuation."""

import json
from itertools import product
from pathlib import Path

RECORDED = Path(__file__).parent / "yes_no.json"
SENTENCES = Path(__file__).parent.parent / "claims" / "sentences"
LETTERS = {"yes": "y", "no": "n", "uncertain": "u", None: "."}

BEGINNINGS = (
    *("", "**", "- ", "(", "[", '"', "> ", "…", "Answer: ", "The answer is ", "**Final answer:** "),
    *("My answer is: ", "Short answer - ", "answer = ", "Well, ", "Actually, ", "I would say "),
    *("Is there a nodule? ", "There is a nodule. ", "So, ", "\\boxed{", "the final answer "),
)
WORDS = (
    *("yes", "Yeah", "yep", "true", "Correct", "affirmative", "Absolutely", "certainly", "indeed"),
    *("Definitely", "of course", "that is correct", "That's correct", "present", "It is visible"),
    *("there is", "There are", "it is", "it does", "no", "Nope", "false", "incorrect", "Negative"),
    *("absolutely not", "certainly not", "definitely not", "of course not", "not at all", "none"),
    *(
        "Absent",
        "not seen",
        "not present",
        "not there",
        "uncertain",
        "Unsure",
        "unclear",
        "unknown",
    ),
    *("indeterminate", "equivocal", "inconclusive", "Possibly", "possibly so", "maybe", "probably"),
    *("probably not", "likely", "unlikely", "perhaps", "not sure", "not certain", "not clear"),
    *("not necessarily", "It is unclear", "it's not certain", "I am unsure", "I'm not sure"),
    *("i'm uncertain", "hard to say", "It is difficult to tell", "I'm hard to say"),
    *("It cannot be excluded", "can not be determined", "This can't be ruled out"),
    *("I cannot tell", "cannot say", "I can't exclude it", "can't be sure", "I can not be certain"),
    *("I do not know", "I don't think so", "I think so", "yes and no", "Yes or no", "yes/no"),
    *("nodule", "yesterday", "no-one", "noted", "trueness"),
)
CONTINUATIONS = (
    *("", ".", ", there is a nodule.", " there is.", " change.", " nodule is seen.", " and no."),
    *(" not", " - left", " – left", " doubt about it", "\nThe lungs are clear.", " so", "!", "**"),
    *("' it", "} is it", " evidence of a mass", " longer seen", ", but it grew", " is the answer."),
    *(". So no.", ". Answer: yes", ": it is", " or no", "    .", " a nodule", " I see it", "s"),
)


def openings() -> dict[str, list[str]]:
    """List the texts of each beginning and continuation, one per word, in order."""
    return {
        f"{beginning}|{end}": [beginning + word + end for word in WORDS]
        for beginning, end in product(BEGINNINGS, CONTINUATIONS)
    }


def sentences() -> dict[str, list[str]]:
    """List the labelled sentences, in the order of their files."""
    return {
        name: [json.loads(line)["text"] for line in (SENTENCES / name).read_text().splitlines()]
        for name in ("held_out.jsonl", "tuning.jsonl")
    }
