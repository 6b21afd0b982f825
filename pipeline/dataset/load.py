"""What a run asks: a dataset, read and checked once, however many runs share it.

In: the configuration's dataset section. Out: ``Gold``.
"""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from conf.errors import BadInput
from conf.schema import DatasetConfig
from pipeline.dataset.open import Gold, open_dataset
from pipeline.dataset.validate import row_faults


def load_gold(config: DatasetConfig) -> Gold:
    """Read and check a dataset.

    Raises:
        BadInput: the dataset has faults (and may not drop those dialogues), or holds none.
    """
    dataset = open_dataset(config.uri)
    dialogues = dataset.dialogues(config.limit)
    faults = row_faults(dialogues, dataset.lexicon)
    if faults and not config.drop_faulty:
        raise BadInput(
            f"{dataset.uri} has {len(faults)} faults, the first: {faults[0]}; "
            "see 'imcbench dataset validate', or set dataset.drop_faulty=true"
        )
    dropped = sorted({f.dialogue_id for f in faults})
    dialogues = without(dialogues, dropped)
    if not dialogues.num_rows:
        raise BadInput(f"{dataset.uri}: every dialogue has a fault, the first: {faults[0]}")
    return Gold(dataset=dataset, dialogues=dialogues, dropped=tuple(dropped))


def without(rows: pa.Table, dialogue_ids: Iterable[str]) -> pa.Table:
    """Return the rows of all but some dialogues."""
    ids = pa.array(list(dialogue_ids), pa.string())
    return rows.filter(pc.invert(pc.is_in(rows["dialogue_id"], value_set=ids)))
