"""The page on importing, followed literally: its folder, its mapping, its commands."""

import re
import shlex
from pathlib import Path

import pytest

from actors.storage.files import read_json
from pipeline.cli import main

PAGE = Path(__file__).parents[2] / "docs/import.md"


def blocks(language: str) -> list[str]:
    pattern = rf"^```{language}\n(.*?)^```"
    return re.findall(pattern, PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.usefixtures("ray_cluster")
def test_from_dicom_and_a_csv_to_a_scored_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(blocks("python")[0], {})
    Path("films.yaml").write_text(blocks("yaml")[0])
    (commands,) = blocks("sh")
    # The cluster of the tests was started in another folder, so its workers need whole paths.
    commands = commands.replace("=data/films", f"={tmp_path}/data/films")
    commands = commands.replace("output=runs", f"output={tmp_path}/runs")
    for line in commands.splitlines():
        name, *words = shlex.split(line)
        assert (name, main(words)) == ("imcbench", 0), line
    assert "no faults" in capsys.readouterr().out
    document = read_json("data/films/dataset.json")
    assert document["counts"]["dialogues"] == 2
    assert document["access"] == "credentialed"
    (report,) = Path("runs").glob("*/*/report.json")
    assert '"turn_accuracy"' in report.read_text()
    everything = b"".join(p.read_bytes() for p in Path("data").rglob("*") if p.is_file())
    assert b"CompressedSamples" not in everything  # the patients' names in these files
    assert b"4MR1" not in everything  # and one of their ids
