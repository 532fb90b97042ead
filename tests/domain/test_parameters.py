"""Parameter block of a script: its contents, and the messages about invalid ones."""

from __future__ import annotations

import contextlib
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.parameters import (
    Header,
    Parameter,
    ParameterType,
    block_lines,
    check_name,
    check_value,
    parse_header,
)
from borgdesk.domain.run import Hook, RunOn


def script(toml: str) -> str:
    """Return a script with this block, which begins in line 3."""
    block = "\n".join(f"# {line}" if line else "#" for line in dedent(toml).strip("\n").split("\n"))
    return f"#!/bin/bash\n# /// borgdesk\n{block}\n# ///\nset -e\n"


def refusal(text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        parse_header(text)
    return str(caught.value)


def test_a_script_without_a_block_has_an_empty_header() -> None:
    assert parse_header("#!/bin/bash\n# /// other\n# x = 1\n# ///\necho hello\n") == Header()
    assert block_lines("echo hello\n") is None


def test_the_block_of_the_contract() -> None:
    text = script("""
        [parameters.CONTAINERS]
        description = "Containers to stop, in order"
        required = true
        [parameters.DB_PASSWORD]
        secret = true
        """)
    assert parse_header(text).parameters == (
        Parameter("CONTAINERS", description="Containers to stop, in order", required=True),
        Parameter("DB_PASSWORD", secret=True),
    )


def test_all_that_a_block_can_say() -> None:
    header = parse_header(
        script("""
        name = "Stop containers"
        description = "Stops them"
        needs = ["docker", "jq"]
        hook = "pre-backup"
        run_on = "failure,success"
        timeout = 120
        category = "Containers"
        companion = "start-containers"

        [parameters.KIND]
        type = "choice"
        choices = ["one", "two"]
        default = "two"
        """)
    )
    kind = Parameter("KIND", default="two", type=ParameterType.CHOICE, choices=("one", "two"))
    assert header == Header(
        (kind,),
        name="Stop containers",
        description="Stops them",
        needs=("docker", "jq"),
        hook=Hook.PRE_BACKUP,
        run_on=RunOn.parse("success,failure"),
        timeout=120,
        category="Containers",
        companion="start-containers",
    )
    assert header.parameter("KIND") is kind or header.parameter("KIND") == kind
    assert header.parameter("OTHER") is None


ALL_HOOKS = "pre-backup, post-backup, post-run, pre-restore, post-restore."


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_matter(end: str) -> None:
    text = script("[parameters.NAME]\nrequired = true").replace("\n", end)
    assert parse_header(text).parameters == (Parameter("NAME", required=True),)


def test_blanks_and_an_unindented_hash_are_fine() -> None:
    text = "#!/bin/sh\n#///  borgdesk \n#[parameters.A]\n#\n#  required = true\n#  ///\t\n"
    assert parse_header(text).parameters == (Parameter("A", required=True),)


def test_characters_that_only_python_takes_for_line_ends_are_text() -> None:
    text = script('[parameters.A]\ndescription = "before\u2028after\u0085end"')
    assert parse_header(text).parameters == (Parameter("A", description="before\u2028after\u0085end"),)


@pytest.mark.parametrize(
    ("written", "value"),
    [('"text"', "text"), ("12", "12"), ("-3", "-3"), ("true", "true"), ("false", "false"), ('""', "")],
)
def test_defaults_are_text_for_the_script(written: str, value: str) -> None:
    assert parse_header(script(f"[parameters.A]\ndefault = {written}")).parameters == (Parameter("A", default=value),)


def test_a_block_without_an_end() -> None:
    assert refusal("#!/bin/sh\n# /// borgdesk\n# timeout = 1\n") == (
        "The parameter block is not closed: its last line must be “# ///”."
    )


def test_a_block_that_the_script_interrupts() -> None:
    assert refusal("#!/bin/sh\n# /// borgdesk\n# timeout = 1\necho\n# ///\n") == (
        "Line 4: the parameter block must be closed by “# ///” before the script continues."
    )


def test_a_block_that_is_no_toml() -> None:
    said = refusal(script("[parameters.A]\nrequired = yes"))
    assert said.startswith("The parameter block is not valid TOML: ")
    assert "at line 4," in said, "counted from the first line of the script"
    assert said.endswith(").")


REFUSED = [
    ("parameters = 3", "“parameters” must be a table: use [parameters.NAME]."),
    ("parameters.A = 3", "The parameter A must be a table: use [parameters.A]."),
    ("[parameters.A]\ndescription = 3", "In the parameter A, “description” must be text in quotes."),
    ("[parameters.A]\nrequired = 1", "In the parameter A, “required” must be true or false."),
    ('[parameters.A]\nsecret = "yes"', "In the parameter A, “secret” must be true or false."),
    ("[parameters.A]\ndefault = 1.5", "In the parameter A, “default” must be text, a whole number, true or false."),
    ("[parameters.A]\ndefault = []", "In the parameter A, “default” must be text, a whole number, true or false."),
    ('[parameters.A]\nchoices = "a,b"', "In the parameter A, “choices” must be a list of strings."),
    ("[parameters.A]\nchoices = [1]", "In the parameter A, “choices” must be a list of strings."),
    ('[parameters.A]\nrequierd = true', "In the parameter A, “requierd” is not known."),
    (
        '[parameters.A]\ntype = "number"',
        "The parameter A has the unknown type “number”. Use one of text, integer, boolean, choice, path.",
    ),
    ('[parameters.A]\ntype = "choice"', "The parameter A is a choice, but has no choices."),
    (
        '[parameters.A]\nsecret = true\ndefault = "x"',
        "The parameter A is secret, so it cannot have a default that anyone can read.",
    ),
    ('[parameters.A]\ntype = "integer"\ndefault = "many"', "A must be a whole number, not “many”."),
    ('[parameters.A]\ntype = "boolean"\ndefault = "yes"', "A must be true or false, not “yes”."),
    ('[parameters.A]\ntype = "choice"\nchoices = ["a", "b"]\ndefault = "c"', "A must be one of a, b."),
    ('hook = "before"', "“before” is not a hook. Use one of: " + ALL_HOOKS),
    ('hook = "test"', "“test” is not a hook. Use one of: " + ALL_HOOKS),
    (
        'run_on = "never"',
        "“never” is not a condition. Use “always”, or a comma-separated list of success, warning and failure.",
    ),
    ("timeout = 0", "In the block, “timeout” must be a whole number of seconds, from 1 to 604800."),
    ("timeout = true", "In the block, “timeout” must be a whole number of seconds, from 1 to 604800."),
    ("timeout = 604801", "In the block, “timeout” must be a whole number of seconds, from 1 to 604800."),
    ('timeout = "5m"', "In the block, “timeout” must be a whole number of seconds, from 1 to 604800."),
    ("name = 3", "In the block, “name” must be text in quotes."),
    ('needs = "docker"', "In the block, “needs” must be a list of strings."),
    ("tiemout = 3", "In the block, “tiemout” is not known."),
]  # fmt: skip


@pytest.mark.parametrize(("toml", "sentence"), REFUSED)
def test_what_is_refused_and_how(toml: str, sentence: str) -> None:
    assert refusal(script(toml)) == sentence


@pytest.mark.parametrize("seconds", [1, 604800])
def test_timeouts_from_a_second_to_a_week(seconds: int) -> None:
    assert parse_header(script(f"timeout = {seconds}")).timeout == seconds


def test_numbers_may_be_as_long_as_anybody_needs() -> None:
    longest = 2**256 - 1
    assert parse_header(script(f"[parameters.A]\ndefault = {longest}")).parameters == (
        Parameter("A", default=str(longest)),
    )
    assert refusal(script(f"[parameters.A]\ndefault = {longest + 1}")).startswith("In the parameter A, “default” must")


def test_what_a_block_need_not_say() -> None:
    assert parse_header(script("[parameters.A]\n[parameters.B]\nsecret = true")) == Header(
        (Parameter("A", "", None, required=False, secret=False), Parameter("B", secret=True))
    )
    assert parse_header(script("[parameters.A]\n[parameters.B]\nsecret = true")).secrets == {"B"}
    assert parse_header("#!/bin/sh\necho\n") == Header()


@pytest.mark.parametrize(("before", "first"), [("", 2), ("#!/bin/sh\n", 3), ("#!/bin/sh\n\n\n", 5)])
def test_where_the_block_begins(before: str, first: int) -> None:
    assert block_lines(f"{before}# /// borgdesk\n# a\n#b\n#\n# ///\n") == (first, ["a", "b", ""])
    assert block_lines(before + "echo\n") is None


@pytest.mark.parametrize(
    "toml",
    [
        "x = " + "[" * 5000 + "]" * 5000,
        "timeout = " + "9" * 5000,
        "[parameters.A]\ndefault = 0x" + "f" * 5000,
        "x = 2026-13-45",
    ],
    ids=["deep", "long number", "long hexadecimal number", "no date"],
)
def test_what_breaks_other_readers_is_refused_too(toml: str) -> None:
    assert refusal(script(toml))


@pytest.mark.parametrize("name", ["A", "__", "CONTAINERS", "DB_PASSWORD_2", "_X", "PATHS", "HOMES", "BORGER"])
def test_names(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("name", ["", "a", "Name", "2A", "A-B", "A B", "Ä", "A\n", "A=B", "A\0"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_name(name)
    assert str(caught.value) == (
        f"“{name}” is not a parameter name. Use A-Z, 0-9 and _, and do not begin with a digit."
    )


@pytest.mark.parametrize(
    "name",
    [
        *["PATH", "HOME", "IFS", "BASH_ENV", "ENV", "SHELL", "PS4", "SHELLOPTS", "BACKUP_DATE", "PYTHONPATH"],
        *["LD_PRELOAD", "LD_LIBRARY_PATH", "BORG_REPO", "BORG_PASSPHRASE", "BORG_UI_JOB_ID", "BORGDESK_RUN_ID"],
        *["REPOSITORY_ID", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "PERL5LIB", "SUDO_ASKPASS", "TMPDIR", "_"],
    ],
)  # fmt: skip
def test_reserved_names(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_name(name)
    assert str(caught.value) == (
        f"{name} cannot be a parameter, because the system, Borg or BorgDesk uses that variable."
    )
    with pytest.raises(InvalidInput):
        parse_header(script(f"[parameters.{name}]"))


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (ParameterType.TEXT, ["", "anything at all", "many\nlines"], []),
        (ParameterType.PATH, ["/srv/data", ""], []),
        (ParameterType.INTEGER, ["0", "-1", "+12", "007"], ["", "1.5", "1 ", "0x1", "one", "٣"]),
        (ParameterType.BOOLEAN, ["true", "false"], ["", "True", "yes", "1"]),
        (ParameterType.CHOICE, ["a", "b"], ["", "c", "A"]),
    ],
)
def test_types(kind: ParameterType, good: list[str], bad: list[str]) -> None:
    parameter = Parameter("A", type=kind, choices=("a", "b") if kind is ParameterType.CHOICE else ())
    for value in good:
        parameter.check(value)
    for value in bad:
        with pytest.raises(InvalidInput, match=r"^A must be "):
            parameter.check(value)


def test_a_secret_value_is_not_repeated_in_a_refusal() -> None:
    for kind in (ParameterType.INTEGER, ParameterType.BOOLEAN):
        with pytest.raises(InvalidInput) as caught:
            Parameter("A", secret=True, type=kind).check("hunter2")
        assert "hunter2" not in str(caught.value)


def test_values_that_no_environment_can_hold() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_value("A", "x\0y")
    assert str(caught.value) == "The value of A contains a NUL byte and cannot be passed to a script."
    longest = 128 * 1024 - len("A=") - 1
    check_value("A", "x" * longest)
    for too_long in ("x" * (longest + 1), "é" * (longest // 2 + 1)):
        with pytest.raises(InvalidInput) as caught:
            check_value("A", too_long)
        assert str(caught.value) == "The value of A is longer than 128 KiB and cannot be passed to a script."


def test_bytes_that_are_not_utf8_can_be_passed() -> None:
    check_value("A", b"caf\xe9".decode("utf-8", "surrogateescape"))


def test_characters_that_no_byte_stands_for_cannot() -> None:
    with pytest.raises(InvalidInput, match="The value of A"):
        check_value("A", "\ud800")


lines = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.text(max_size=30).map(lambda text: f"# {text}"),
        st.sampled_from(
            [
                "# /// borgdesk",
                "# ///",
                "#",
                "# [parameters.A]",
                "# [parameters.PATH]",
                "# secret = true",
                "# default = 1979-05-27",
                "# timeout = 3",
                "# parameters = []",
                "# [parameters]",
            ]
        ),
    ),
    max_size=12,
)


@given(lines, st.sampled_from(["\n", "\r\n"]))
def test_any_text_is_read_or_refused(text: list[str], end: str) -> None:
    with contextlib.suppress(InvalidInput):
        parse_header(end.join(text))


@given(lines)
def test_any_block_is_read_or_refused(inside: list[str]) -> None:
    with contextlib.suppress(InvalidInput):
        parse_header("\n".join(["# /// borgdesk", *inside, "# ///"]))


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@given(description=texts, default=texts, required=st.booleans())
def test_what_is_written_is_read(description: str, default: str, required: bool) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    text = script(
        f"[parameters.A]\ndescription = {quoted(description)}\ndefault = {quoted(default)}\n"
        f"required = {str(required).lower()}"
    )
    assert parse_header(text).parameters == (Parameter("A", description, default, required),)


def test_a_key_of_many_parts_is_refused_at_once() -> None:
    with pytest.raises(InvalidInput, match=r"too many dots \(at line 3\)"):
        parse_header(script("a" + ".a" * 400_000 + " = 1"))
