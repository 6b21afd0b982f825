"""Judging a run: items from its turn outputs, verdicts, score rows, agreement.

In: a run's dialogues and turn outputs, judges and rubrics. Out: judgements/*.parquet, one file of
score rows per rubric beside those of the rules, judges.json.
"""

from collections.abc import Mapping
from typing import Any

from actors.schema import Dialogue, Row
from actors.storage.files import join, list_files, write_json, write_parquet
from conf.judge import JudgeConfig, JudgingConfig
from pipeline.dataset.access import refuse_remote
from pipeline.judge.ask import JudgePass, ask
from pipeline.judge.items import JudgeItem, items, judge_id, verdict_key
from pipeline.judge.judgements import read_judgements
from pipeline.judge.labels import Labels, calibrate
from pipeline.judge.scores import JudgeVerdict, JudgeVerdicts, dialogue_scores
from pipeline.judge.summary import rubric_document
from pipeline.runs.run import Run
from pipeline.tables.schemas import JUDGED
from pipeline.tables.scores import ScoreTable
from pipeline.tables.turns import read_responses


def judge_run(config: JudgingConfig, run: Run, labels: Labels) -> list[JudgePass]:
    """Have every judge grade the run by every rubric; what was graded before is kept.

    Raises:
        BadInput: a judge is an endpoint, and the dataset may not be sent to one.
        InfrastructureError: a judge's actors cannot start; finished verdicts are kept.
    """
    directory = run.directory
    for judge in config.judges:
        refuse_remote(run.gold.dataset, judge.backend, f"judge {judge.name}")
    rows, by_rubric = _items(config, run)
    everything = [i for of in by_rubric.values() for listed in of.values() for i in listed]
    done = [ask(j, everything, run.gold.dataset.uri, directory) for j in config.judges]
    given = read_judgements(directory.judgements)
    documents = []
    for rubric in config.rubrics:
        of_dialogue = by_rubric[rubric.name]
        verdicts = {j.name: _verdicts(j, of_dialogue, given) for j in config.judges}
        maps, gains = calibrate(rubric, verdicts, labels)
        table = ScoreTable()
        for row in rows:
            listed = of_dialogue.get(row["dialogue_id"], [])
            table.add(row, dialogue_scores(rubric, listed, verdicts, maps))
        name = f"{JUDGED}{rubric.name}.parquet"
        write_parquet(join(directory.scores, name), table.table())
        documents.append(rubric_document(rubric, verdicts, maps, gains))
    write_json(directory.judges, _document(config, documents))
    return done


def _items(
    config: JudgingConfig, run: Run
) -> tuple[list[Row], dict[str, dict[str, list[JudgeItem]]]]:
    """Return the dialogues' rows, and by rubric and dialogue what is to be judged."""
    rows = run.dialogues.to_pylist()
    answers = read_responses(list_files(run.directory.turns, ".parquet"))
    by_rubric: dict[str, dict[str, list[JudgeItem]]] = {
        rubric.name: {} for rubric in config.rubrics
    }
    for row in rows:
        dialogue = Dialogue.from_row(row)
        responses = answers.get(dialogue.dialogue_id, {})
        for rubric in config.rubrics:
            by_rubric[rubric.name][dialogue.dialogue_id] = list(
                items(dialogue, responses, rubric, run.config.model.box_dialect)
            )
    return rows, by_rubric


def _verdicts(
    judge: JudgeConfig, of_dialogue: Mapping[str, list[JudgeItem]], given: Mapping[str, Row]
) -> JudgeVerdicts:
    """Look up one judge's verdicts on the items of one rubric."""
    identity = judge_id(judge)
    verdicts: dict[tuple[str, int], JudgeVerdict] = {}
    for item in (i for items_ in of_dialogue.values() for i in items_ if i.prompt is not None):
        row = given.get(verdict_key(item, judge, identity))
        if row is not None:
            grades = {g["criterion"]: g["grade"] for g in row["grades"] or ()}
            verdicts[item.dialogue_id, item.turn] = JudgeVerdict(grades, row["reason"])
    return verdicts


def _document(config: JudgingConfig, rubrics: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "judges": {
            j.name: {"model": judge_id(j), "backend": j.backend, "base_url": j.endpoint.base_url}
            for j in config.judges
        },
        "rubrics": rubrics,
    }
