from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.parameters import Parameter, ParameterType, parse_header
from borgdesk.engine.scripts.parameter_block import with_parameter

BARE = "#!/bin/sh\necho\n"


def test_a_block_is_made_below_the_shebang() -> None:
    assert with_parameter(BARE, Parameter("A")) == "#!/bin/sh\n# /// borgdesk\n# [parameters.A]\n# ///\necho\n"


def test_without_a_shebang_it_comes_first() -> None:
    assert with_parameter("echo\n", Parameter("A")).startswith("# /// borgdesk\n")


def test_a_parameter_is_added_at_the_end_of_the_block() -> None:
    text = with_parameter(with_parameter(BARE, Parameter("A")), Parameter("B", required=True))
    assert [one.name for one in parse_header(text).parameters] == ["A", "B"]
    assert text.endswith("# ///\necho\n")


@given(
    st.builds(
        Parameter,
        name=st.just("VALUE"),
        description=st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp"))),
        default=st.none() | st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp"))),
        required=st.booleans(),
    )
)
def test_what_was_written_is_read_again(parameter: Parameter) -> None:
    assert parse_header(with_parameter(BARE, parameter)).parameters == (parameter,)


@pytest.mark.parametrize(
    "parameter",
    [
        Parameter("A", secret=True),
        Parameter("A", type=ParameterType.CHOICE, choices=("one", 'two "quoted"'), default="one"),
        Parameter("A", type=ParameterType.INTEGER, default="3"),
        Parameter("A", type=ParameterType.BOOLEAN, default="true"),
    ],
)
def test_all_kinds(parameter: Parameter) -> None:
    assert parse_header(with_parameter(BARE, parameter)).parameters == (parameter,)


def test_a_name_twice_or_a_reserved_one_is_refused() -> None:
    text = with_parameter(BARE, Parameter("A"))
    with pytest.raises(InvalidInput, match="already"):
        with_parameter(text, Parameter("A"))
    with pytest.raises(InvalidInput, match="PATH"):
        with_parameter(text, Parameter("PATH"))


def test_a_malformed_block_is_left_alone() -> None:
    with pytest.raises(InvalidInput):
        with_parameter("#!/bin/sh\n# /// borgdesk\necho\n", Parameter("A"))
