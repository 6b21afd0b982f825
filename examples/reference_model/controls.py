"""Show that the scores depend on the images: ``python -m examples.reference_model.controls``.

In: a checkpoint and a dataset. Out: the real scores beside those with blank images, with images
swapped between dialogues, and with the real answers scored against other dialogues' gold, each by
the whole pipeline. A measure that does not drop does not depend on the images.
"""

import argparse

from actors.schema import Dialogue
from actors.storage.files import exists, join, read_parquet
from conf.load import load
from conf.schema import METRICS
from examples.reference_model.altered import write_blank, write_shuffled, write_swapped
from examples.reference_model.settings import DIALECT
from pipeline.cluster.connect import cluster
from pipeline.dataset.open import Gold, open_dataset
from pipeline.run import evaluate, summarise
from pipeline.runs.directory import RunDirectory
from pipeline.score import score
from pipeline.stats.composite import OVERALL

Scores = dict[str, float | None]
_COLUMNS = (*METRICS, OVERALL)


def controls(config: str, overrides: list[str], output: str) -> dict[str, Scores]:
    """Return the overall scores of a configuration as it is and in its three controls."""
    real = load(config, [*overrides, f"output={join(output, 'runs')}"])
    dataset = open_dataset(real.dataset.uri)
    table = dataset.dialogues(real.dataset.limit)
    dialogues = [Dialogue.from_row(row) for row in table.to_pylist()]
    runs = {"as it is": evaluate(real)}
    for name, write in (("blank", write_blank), ("swapped", write_swapped)):
        target = join(output, f"{name}-dataset")
        if not exists(join(target, "dataset.json")):
            write(dataset, dialogues, target)
        altered = [*overrides, f"output={join(output, 'runs')}", f"dataset.uri={target}"]
        runs[f"{name} images"] = evaluate(load(config, altered))
    shuffled = RunDirectory(join(output, "shuffled-gold"))
    write_shuffled(runs["as it is"].turns, dialogues, shuffled.turns)
    with cluster():
        gold = Gold(dataset=dataset, dialogues=table)
        score(gold, shuffled.turns, shuffled.root, DIALECT)
    summarise(shuffled, real.scoring)
    runs["shuffled gold"] = shuffled
    return {name: overall_scores(run) for name, run in runs.items()}


def overall_scores(run: RunDirectory) -> Scores:
    """Read the four measures and the overall score of a run, over all its dialogues."""
    rows = read_parquet(run.summary).to_pylist()
    values = {r["metric"]: r["value"] for r in rows if r["group_kind"] == "overall"}
    return {name: values.get(name) for name in _COLUMNS}


def main() -> None:
    """Parse the arguments, run, print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="demo", metavar="FILE", help="default demo")
    parser.add_argument("--output", required=True, metavar="DIR")
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    arguments = parser.parse_args()
    table = controls(arguments.config, arguments.overrides, arguments.output)
    print(f"| | {' | '.join(name.replace('_', ' ') for name in _COLUMNS)} |")
    print("| --- |" + " --- |" * len(_COLUMNS))
    for name, scores in table.items():
        cells = ("–" if v is None else f"{v:.3f}" for v in scores.values())
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
