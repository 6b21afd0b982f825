"""The tables at which the phases meet: scores and summary, and the names of their groups.

Turn outputs are ``actors.schema.TURN_SCHEMA``.
"""

import pyarrow as pa

GROUP_COLUMNS = ("specialty", "source", "modality", "health_system", "language", "release")
ALL = ("overall", "all")  # the group of all dialogues: its kind and its name
TURN_INDEX = "turn_index"
JUDGED = "judge-"  # how the score files of judges begin: scoring by rules leaves them alone

SCORE_SCHEMA = pa.schema(
    [
        pa.field("dialogue_id", pa.string(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("numerator", pa.float64(), nullable=False),
        pa.field("denominator", pa.float64(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("patient_id", pa.string(), nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in GROUP_COLUMNS),
    ]
)

SUMMARY_SCHEMA = pa.schema(
    [
        pa.field("group_kind", pa.string(), nullable=False),
        pa.field("group", pa.string(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("numerator", pa.float64()),
        pa.field("denominator", pa.float64()),
        pa.field("n_dialogues", pa.int64(), nullable=False),
        pa.field("n_unscored", pa.int64(), nullable=False),
        pa.field("n_failed", pa.int64(), nullable=False),
        pa.field("ci_low", pa.float64()),
        pa.field("ci_high", pa.float64()),
        pa.field("n_clusters", pa.int64()),
        pa.field("flags", pa.list_(pa.string())),  # few_clusters, score_interval
        pa.field("reason", pa.string()),
    ]
)

GRADE_TYPE = pa.struct(
    [
        pa.field("criterion", pa.string(), nullable=False),
        pa.field("grade", pa.int32(), nullable=False),
    ]
)
JUDGEMENT_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("judge", pa.string(), nullable=False),
        pa.field("judge_id", pa.string(), nullable=False),
        pa.field("rubric", pa.string(), nullable=False),
        pa.field("rubric_version", pa.int32(), nullable=False),
        pa.field("prompt_sha256", pa.string(), nullable=False),
        pa.field("dialogue_id", pa.string(), nullable=False),
        pa.field("turn", pa.int32(), nullable=False),  # 0: the whole dialogue
        pa.field("status", pa.string(), nullable=False),  # ok | failed
        pa.field("reason", pa.string()),
        pa.field("grades", pa.list_(GRADE_TYPE)),
        pa.field("text", pa.string()),
        pa.field("finish_reason", pa.string()),
        pa.field("prompt_tokens", pa.int32()),
        pa.field("completion_tokens", pa.int32()),
        pa.field("latency_s", pa.float64()),
    ]
)
