from pipeline.cli import main


def test_report_writes_the_page_and_prints_the_headline(copied, runs, capsys):
    assert main(["report", str(copied), "--against", runs[1], "--no-images"]) == 0
    printed = capsys.readouterr().out
    assert "radiology" in printed
    assert f"page:   {copied}/report/index.html" in printed
    assert (copied / "report" / "index.html").exists()
    assert "second" in (copied / "report.md").read_text()


def test_report_says_in_one_sentence_what_is_missing(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 2
    assert "summary.parquet is missing" in capsys.readouterr().err


def test_suppression_prints_no_small_group(copied, capsys):
    assert main(["report", str(copied), "--suppress-small"]) == 0
    assert "radiology" not in capsys.readouterr().out


def test_view_refuses_a_folder_that_is_not_there(tmp_path, capsys):
    assert main(["view", str(tmp_path / "nowhere")]) == 2
    assert "does not exist" in capsys.readouterr().err
