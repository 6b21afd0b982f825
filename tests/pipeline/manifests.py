"""A small manifest, for tests that do not carry out a run."""

from dataclasses import replace

from pipeline.runs.manifest import Counts, DatasetEntry, Manifest, ModelEntry, ProtocolEntry

_SMALL = Manifest(
    run_id="r",
    status="started",
    started="2026-01-01T00:00:00+00:00",
    model=ModelEntry(name="m", weights="sha256:0"),
    dataset=DatasetEntry(name="d", release="1", content="sha256:1", limit=None, dropped=[]),
    protocol=ProtocolEntry(prompt="v1", system="", box_dialect="norm1000", sampling={}),
    asked=Counts(dialogues=1, turns=1),
    software={},
)


def small_manifest(**changes: object) -> Manifest:
    return replace(_SMALL, **changes)
