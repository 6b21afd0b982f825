"""The marks of reasoning that tokenisers know are among those that answers are read by."""

import pytest

from actors.reasoning import REASONING_MARKS, TOKEN_MARKS


@pytest.mark.parametrize("pair", TOKEN_MARKS, ids=lambda pair: pair[0])
def test_marks_of_tokenisers_open_and_close_the_same_reasoning(pair):
    opening, closing = pair
    (marks,) = [marks for marks in REASONING_MARKS if marks.fullmatch(opening)]
    assert marks.fullmatch(opening)[1] == opening
    assert marks.fullmatch(closing)[2] == closing
