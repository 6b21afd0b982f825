"""The golden run: same run, same scores, same summary, same report, same exit codes."""

import json

from tests.golden.record import EXPECTED, record


def test_a_known_run_is_what_it_was(ray_cluster, tmp_path):
    recorded = record(tmp_path)
    expected = json.loads(EXPECTED.read_text())
    for part, value in expected.items():
        assert recorded[part] == value, part
    assert recorded.keys() == expected.keys()
