"""The command line itself: help, completion, usage errors, options of several values."""

import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.main import get_command

from conf.load import to_yaml
from pipeline.cli import app, main
from pipeline.commands import report
from pipeline.commands.options import one_flag_per_value

ROOT = Path(__file__).parents[3]


def all_commands():
    for name, command in get_command(app).commands.items():
        if hasattr(command, "commands"):
            yield from ((name, below) for below in command.commands)
        else:
            yield (name,)


def completed(words: str) -> list[str]:
    """What a shell offers for the last word."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline"],
        cwd=ROOT,
        env={
            "_IMCBENCH_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        },
        capture_output=True,
        text=True,
    )
    return done.stdout.split()


@pytest.mark.parametrize("words", [*all_commands()], ids=" ".join)
def test_the_help_of_each_command_ends_with_an_example(words, capsys):
    assert main([*words, "--help"]) == 0
    below = capsys.readouterr().out.split("Examples:")[1]
    assert " ".join(["imcbench", *words]) in " ".join(below.split())


@pytest.mark.parametrize("words", [[], ["dataset"], ["model"]])
def test_without_a_command_the_commands_are_listed(words, capsys):
    assert main(words) == 2
    printed = capsys.readouterr()
    assert "Usage: imcbench" in printed.out
    assert printed.err == "imcbench: a command is missing\n"


def test_the_list_of_commands_is_grouped(capsys):
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    titles = ("A run", "Data", "Models", "Decisions", "Looking")
    assert all(f"─ {title} ─" in printed for title in titles)
    assert "─ Commands ─" not in printed
    assert "--install-completion" in printed


def test_a_shell_completes_commands_and_options():
    assert completed("imcbench ga") == ["gate"]
    assert "--margin" in completed("imcbench gate --")
    assert "qwen25" in completed("imcbench score --box-dialect qw")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["evaluate"], "No such command 'evaluate'"),
        (["statsu"], "Did you mean 'status'?"),
        (["run"], "Missing option '--config'"),
        (["status"], "Missing argument 'RUN'"),
        (["status", "a", "b"], "unexpected extra argument"),
        (["status", "a", "--jsn"], "No such option: --jsn"),
        (["gate", "--baseline", "a", "--candidate", "b", "--alpha", "x"], "'--alpha'"),
        (["plan", "--config", "demo", "--gpus", "4"], "either --rate or --from"),
        (["score", "--dataset=a", "--turns=b", "--output=c", "--box-dialect=d"], "--box-dialect"),
        (["reduce", "nowhere"], "nowhere"),
    ],
)
def test_bad_input_is_one_sentence(words, sentence, capsys):
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("imcbench: ")
    assert sentence in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_an_interruption_is_named_and_has_its_own_code(monkeypatch, tmp_path, capsys):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "serve", interrupted)
    assert main(["view", str(tmp_path)]) == 130
    assert capsys.readouterr().err.startswith("imcbench: interrupted")


PAIRS = {"--margin": True, "--against": False}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--margin a=1 b=2 RUN", "--margin a=1 --margin b=2 RUN"),
        ("--margin a=1 --margin b=2", "--margin a=1 --margin b=2"),
        ("--margin a --strict b=2", "--margin a --strict b=2"),
        ("RUN --against a b --strict c", "RUN --against a --against b --strict c"),
        ("--against=a b", "--against=a b"),
        ("--against a -- b", "--against a -- b"),
        ("--margin", "--margin"),
    ],
)
def test_a_list_option_takes_several_values_after_one_flag(words, expected):
    assert one_flag_per_value(words.split(), PAIRS) == expected.split()


@pytest.mark.parametrize("flags", [1, 4])
def test_both_forms_of_weights_are_the_same(flags, answered, tmp_path, capsys):
    names = ("turn_accuracy", "visual_consistency", "reasoning_coherence", "hallucination_rate")
    values = [f"{name}=0.3" for name in names]
    words = ["--weights", *values] if flags == 1 else [w for v in values for w in ("--weights", v)]
    assert main(["reduce", *words, answered.root]) == 2
    assert "scoring.weights sum to 1.2" in capsys.readouterr().err


@pytest.mark.usefixtures("ray_cluster")
def test_a_run_writes_the_web_report_and_prints_where(scripted, tmp_path, capsys):
    config = tmp_path / "config.yaml"
    config.write_text(to_yaml(scripted("dataset.limit=5")))
    assert main(["run", "--config", str(config)]) == 0
    lines = capsys.readouterr().out.splitlines()
    page = Path(next(line for line in lines if line.startswith("page:")).split()[1])
    assert page.name == "index.html"
    assert page.exists()
    assert (page.parent / "dialogues.html").exists()
    assert "manifest" in json.loads((page.parents[1] / "report.json").read_text())


def test_nothing_heavy_is_imported_at_start():
    code = "import sys, pipeline.cli; print({'torch', 'vllm', 'transformers'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_the_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"imcbench {version('imcbench')}\n"


@pytest.fixture
def faulty_command():
    """A command with a fault in it, for as long as a test lasts."""
    app.command("divide")(lambda: 1 / 0)
    yield "divide"
    app.registered_commands.pop()


def test_an_unexpected_error_is_one_sentence_and_its_traceback_is_for_debug(faulty_command, capsys):
    assert main([faulty_command]) == 70
    assert capsys.readouterr().err == (
        "imcbench: unexpected ZeroDivisionError: division by zero; "
        "this is a fault of imcbench, --debug shows where\n"
    )
    with pytest.raises(ZeroDivisionError):
        main([faulty_command, "--debug"])


@pytest.mark.parametrize("words", [["status"], ["report"], ["reduce"], ["explain", "d"]])
@pytest.mark.parametrize("text", ["[]", "3", "{}", '{"run_id": 1}', "a: b: c", "\x00"])
@pytest.mark.parametrize("name", ["manifest.json", "config.yaml"])
def test_broken_files_of_a_run_are_bad_input(name, text, words, tmp_path, capsys):
    for file in ("manifest.json", "config.yaml"):
        (tmp_path / file).write_text("{}")
    (tmp_path / name).write_text(text)
    command, *rest = words
    assert main([command, str(tmp_path), *rest]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_broken_summary_is_named(answered, tmp_path, capsys):
    copy = tmp_path / "run"
    shutil.copytree(answered.root, copy)
    (copy / "summary.parquet").write_bytes(b"PAR1")
    assert main(["report", str(copy)]) == 2
    printed = capsys.readouterr().err
    assert f"{copy}/summary.parquet cannot be read: " in printed
