"""Detection of scripts that expect files in their own folder, with realistic scripts."""

from __future__ import annotations

import pytest

from borgdesk.domain.beside import files_beside

BASH, SH, PYTHON = "#!/bin/bash\n", "#!/bin/sh\n", "#!/usr/bin/env python3\n"


@pytest.mark.parametrize(
    "text",
    [
        BASH + 'set -eu\n. "$(dirname "$0")/lib.sh"\n',
        BASH + 'source "$(dirname "${BASH_SOURCE[0]}")/common.sh"\n',
        BASH + 'HERE="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"\n',
        BASH + 'HERE=$(dirname "$(readlink -f "$0")")\n',
        BASH + "here=$(dirname $(realpath $BASH_SOURCE))\n",
        BASH + 'cd "${0%/*}" || exit\n',
        BASH + 'cd "${BASH_SOURCE[0]%/*}"\n',
        BASH + "source ./functions\n",
        BASH + "[ -f x ] && . ../shared/lib.sh\n",
        BASH + "if true; then source ./x; fi\n",
        BASH + "cat <<'END'\nto whom it may concern\nEND\nsource ./x\n",
        BASH + "cat <<END\nof $(dirname $0)\nEND\n",
        BASH + "cat <<-'END'\n\tof $(dirname $0)\n\tEND\n\tsource ./x\n",
        "#!bash\nsource ./x\n",
        SH + '. "`dirname $0`/lib.sh"\n',
        "#!/usr/bin/env bash\nsource $(dirname $0)/env # settings\n",
        "#!/bin/zsh\nsource ${0%/*}/lib.zsh\n",
        '. "$(dirname "$0")/no-shebang.sh"\n',
        PYTHON + "from pathlib import Path\nCONFIG = Path(__file__).parent / 'config.toml'\n",
        PYTHON + "import os, helpers\n",
        PYTHON + "from helpers import stop\n",
        PYTHON + "from .helpers import stop\n",
        PYTHON + "import sys\nfolder = sys.path[0]\n",
        "#!/usr/bin/ruby\nrequire_relative 'lib'\n",
        "#!/usr/bin/perl\nuse FindBin qw($Bin);\n",
        "#!/usr/bin/env node\nconst lib = require('./lib');\n",
    ],
)
def test_expects_files_beside_it(text: str) -> None:
    found = files_beside(text, ["helpers.py", "readme.md"])
    assert len(found) == 1
    (one,) = found
    assert "BORGDESK_LIBRARY_DIR" in one.message
    line = text.split("\n")[one.line - 1]
    assert 1 <= one.column < one.end_column <= len(line) + 1
    assert line[one.column - 1] != " "


@pytest.mark.parametrize(
    "text",
    [
        BASH + '. "$BORGDESK_LIBRARY_DIR/lib.sh"\n',
        BASH + '. "${BORGDESK_LIBRARY_DIR:-$(dirname "$0")}/lib.sh"\n',
        BASH + '# . "$(dirname "$0")/lib.sh"\necho done # see ${0%/*}\n',
        BASH + 'echo "usage: $(basename "$0") FILE"; exit 64\n',
        BASH + 'echo "$0: failed" >&2\n',
        BASH + ". /etc/os-release\nsource ~/.profile\n",
        BASH + 'cd "$(dirname "$1")"\ndirname "$FILE"\n',
        BASH + "cat <<'END'\nsource ./x\nEND\n./program\n",
        BASH + "cat <<'END'\nALL\nyours\nsource ./x\nEND\n",
        BASH + "docker run -v ./data:/data image source\n",
        PYTHON + "import os, sys\nfrom json import dumps\nprint(sys.argv[0])\n",
        PYTHON + 'import os, sys\nsys.path.insert(0, os.environ["BORGDESK_LIBRARY_DIR"])\nimport helpers\n',
        PYTHON + "# __file__\n",
        "#!/usr/bin/ruby\nrequire 'json'\n",
        "",
    ],
)
def test_expects_nothing_beside_it(text: str) -> None:
    assert files_beside(text, ["helpers.py"]) == ()


def test_each_place_is_named() -> None:
    text = BASH + 'HERE=$(dirname "$0")\n. ./a\ntrue\n. "$HERE/b"\nif true; then\n  . ./c\nfi\n'
    found = [(one.line, one.column, one.end_line, one.end_column) for one in files_beside(text)]
    assert found == [(2, 8, 2, 20), (3, 1, 3, 6), (7, 3, 7, 8)]
