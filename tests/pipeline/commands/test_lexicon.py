"""``dataset lexicon`` on files; ``dataset validate`` on a dataset's own lexicon."""

import json

from pipeline.cli import main
from pipeline.dataset.lexicon import packaged_document


def test_the_packaged_lexicon_is_summed_up(capsys):
    assert main(["dataset", "lexicon"]) == 0
    printed = capsys.readouterr().out
    assert " concepts: " in printed
    assert "severity: " in printed
    assert "lexicon: " not in printed


def test_the_packaged_lexicon_can_be_written_out(capsys):
    assert main(["dataset", "lexicon", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == packaged_document("clinical")


def test_coverage_lists_what_the_lexicon_does_not_know(tmp_path, capsys):
    file = tmp_path / "reports.csv"
    file.write_text("id,findings\n1,A small glorblat and a nodule.\n2,Two glorblats.\n")
    arguments = ["dataset", "lexicon", "--coverage", str(file), "--column", "findings"]
    assert main(arguments) == 0
    head, first = capsys.readouterr().out.splitlines()
    assert head == "2 sentences, 1 mentions known, 1 unknown terms in 2 places"
    assert first.split()[:2] == ["2", "glorblat"]
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["terms"][0]["term"] == "glorblat"


def test_a_missing_column_is_a_users_mistake(tmp_path, capsys):
    file = tmp_path / "reports.csv"
    file.write_text("id,findings\n1,x\n")
    assert main(["dataset", "lexicon", "--coverage", str(file)]) == 2
    assert "no column 'text'; its columns are id, findings" in capsys.readouterr().err
