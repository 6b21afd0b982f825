import pytest

from conf.errors import BadInput
from pipeline.dataset.texts import read_texts


def test_each_simple_form_gives_its_texts_in_order(tmp_path):
    forms = {
        "a.jsonl": '{"text": "one"}\n\n"two"\n{"text": " "}\n',
        "a.csv": "id,text\n1,one\n2,two\n3,\n",
        "a.txt": "one\n\ntwo\n",
    }
    for name, content in forms.items():
        (tmp_path / name).write_text(content)
        assert [t.strip() for t in read_texts(str(tmp_path / name))] == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"report": "x"}', "line 1: has no text under 'text'"),
        ("a.jsonl", b"{", "line 1: is not JSON"),
        ("a.csv", b"id,report\n1,x", "no column 'text'; its columns are id, report"),
        ("a.txt", b"\xff\xfe\xfa", "is not UTF-8 text"),
    ],
)
def test_a_file_of_another_form_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=message):
        list(read_texts(str(tmp_path / name)))
