"""The tutorial's code runs on a finished run and draws what it says."""

import re
from pathlib import Path

import pytest

from pipeline.runs.directory import RunDirectory

PAGE = Path(__file__).parents[2] / "docs/tutorial.md"
RUN = re.compile(r'Path\("runs/[^"]+"\)')


def test_every_block_runs_in_order_on_a_finished_run(
    answered: RunDirectory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(RUN.findall(blocks[0])) == 1
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks:
        exec(RUN.sub(f'Path("{answered.root}")', block), names)
    assert "<svg" in (tmp_path / "specialties.svg").read_text()
    printed = capsys.readouterr().out
    assert "reasoning_coherence" in printed
    assert "phantom-7-" in printed
