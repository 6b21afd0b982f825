import json
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.report.blocks import Cell, Facts, Section, Table, Text, row
from pipeline.report.charts import Mark, bar_chart, interval_chart, line_chart
from pipeline.report.markdown import escape, markdown
from pipeline.report.page import Page, render
from pipeline.report.svg import clean
from pipeline.report.viewer.write import script

HOSTILE = "</script><img src=x onerror=alert(1)>&\"'`{{7*7}}\u2028"


@settings(max_examples=50)
@given(st.text())
def test_data_scripts_hold_no_markup_and_keep_the_text(text):
    data = script("shard-0001", {"text": text})
    assert not set(data) & set(b"<>&")
    assert all(byte < 128 for byte in data)
    body = data.decode().removeprefix('imcbench.receive("shard-0001", ').removesuffix(");\n")
    assert json.loads(body) == {"text": text}


def test_data_scripts_refuse_what_is_not_json():
    with pytest.raises(ValueError, match="JSON"):
        script("index", {"value": float("nan")})


def test_page_escapes_every_string():
    table = Table(HOSTILE, (HOSTILE,), (row(HOSTILE, Cell(HOSTILE, note=HOSTILE)),))
    section = Section("overview", HOSTILE, (Text(HOSTILE), Facts(((HOSTILE, HOSTILE),)), table))
    page = Page(
        title=HOSTILE,
        subtitle=HOSTILE,
        sections=(section,),
        dialogues=False,
        why=HOSTILE,
        images=True,
        text=True,
    )
    for template in ("page.html.j2", "dialogues.html.j2"):
        html = render(template, page=page)
        assert "<img" not in html
        assert "</script><" not in html.replace("defer></script>", "")
        assert "{{7*7}}" in html


@pytest.mark.parametrize("chart", [interval_chart, bar_chart, line_chart])
def test_charts_keep_hostile_labels_as_text(chart):
    mark = Mark(label=HOSTILE, value=0.5, low=0.4, high=0.6, description=HOSTILE)
    root = ElementTree.fromstring(chart([mark], HOSTILE, "axis"))
    tags = {element.tag.split("}")[-1] for element in root.iter()}
    assert tags <= {"svg", "g", "path", "line", "rect", "text", "title"}
    assert root.get("aria-label") == HOSTILE


def test_charts_lose_scripts_links_styles_and_foreign_content():
    dirty = (
        '<svg xmlns="http://www.w3.org/2000/svg" onload="x()"><script>x()</script>'
        '<a href="javascript:x()"><text>t</text></a><foreignObject><p>p</p></foreignObject>'
        '<style>*{}</style><rect fill="url(http://x)" style="a:b" onclick="x()" width="3"/></svg>'
    )
    markup = clean(dirty, "chart")
    for gone in ("script", "href", "javascript", "foreign", "style", "onclick", "onload", "url("):
        assert gone not in markup
    assert 'width="3"' in markup


def test_a_chart_draws_one_dot_per_value_in_the_order_given():
    marks = [
        Mark(label="b", value=0.9, description="told b"),
        Mark(label="a", value=0.1, low=0.0, high=0.2, description="told a"),
    ]
    root = ElementTree.fromstring(interval_chart(marks, "label", "axis"))
    titles = [element.text for element in root.iter() if element.tag.endswith("title")]
    assert titles == ["told b", "told a"]
    labels = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert labels.index("b") < labels.index("a")


def test_markdown_escapes_tables_and_html():
    text = markdown("t", [Section("s", "S", (Table("c", ("a|b",), (row("<b>|x\n|"),)),))])
    assert "| a\\|b |" in text
    assert "| \\<b\\>\\|x \\| |" in text
    assert escape("[x](y) *z*") == "\\[x\\](y) \\*z\\*"
