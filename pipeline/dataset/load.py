"""The inputs of a run: a dataset, read and checked once, however many runs share it.

In: the configuration's dataset section. Out: ``Inputs``.
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from conf.errors import BadInput
from conf.schema import DatasetConfig
from pipeline.dataset.open import Dataset, open_dataset
from pipeline.dataset.validate import row_faults


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """A dataset that was read and checked; dialogues with faults were ``dropped``."""

    dataset: Dataset
    dialogues: pa.Table
    dropped: tuple[str, ...]


def read_inputs(config: DatasetConfig) -> Inputs:
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
    keep = pc.invert(pc.is_in(dialogues["dialogue_id"], value_set=pa.array(dropped, pa.string())))
    dialogues = dialogues.filter(keep)
    if not dialogues.num_rows:
        raise BadInput(f"{dataset.uri}: every dialogue has a fault, the first: {faults[0]}")
    return Inputs(dataset=dataset, dialogues=dialogues, dropped=tuple(dropped))
