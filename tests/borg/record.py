"""Records the answers of a real Borg as test data: argv, exit code and both streams of one call per case.

.venv/bin/python -m tests.borg.record [--borg PROGRAM] [CASE...]

Run from the top of the repository, once with Borg 1.2 and once with 1.4. Everything happens in a temporary folder. Each
case becomes ``tests/data/borg/<1.2|1.4>/<case>/`` with ``call.json``, ``stdout`` and ``stderr``; names of this machine
(folders, host, user) are replaced by neutral words, everything else is kept byte by byte. For a case that cannot be
recorded here (``no_space`` needs root for its tmpfs), a message is printed and the existing recording is kept.
"""

from __future__ import annotations

import argparse
import getpass
import json
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.borg.cases import CASES
from tests.borg.lab import Answer, CannotRecord, Lab

DATA = Path(__file__).parents[1] / "data" / "borg"


def _neutral(content: bytes, lab: Lab) -> bytes:
    """Return *content* with the names of this machine replaced."""
    program = Path(lab.program)
    words = {str(lab.root): "/sample", str(program): "borg"}
    if program.parent.parent.name not in ("usr", "local", ""):
        words[str(program.parent.parent)] = "/opt/borg"
    for word, neutral in words.items():
        content = content.replace(word.encode(), neutral.encode())
    host, user = socket.gethostname(), getpass.getuser()
    for form in ('"%s"', " %s ", '"%s-', "::%s-", " %s-"):
        content = content.replace((form % host).encode(), (form % "host").encode())
    return content.replace(f'"username": "{user}"'.encode(), b'"username": "user"')


def _write(folder: Path, answer: Answer, lab: Lab) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    call = {"argv": answer.argv, "exit_code": answer.exit_code}
    text = json.dumps(call, indent=1, ensure_ascii=False) + "\n"
    (folder / "call.json").write_bytes(_neutral(text.encode(), lab))
    (folder / "stdout").write_bytes(_neutral(answer.stdout, lab))
    (folder / "stderr").write_bytes(_neutral(answer.stderr, lab))


def main() -> int:
    parser = argparse.ArgumentParser(description="Record what a real Borg answers.")
    parser.add_argument("--borg", default="borg")
    parser.add_argument("cases", nargs="*", choices=[[], *CASES])
    arguments = parser.parse_args()
    program = shutil.which(arguments.borg)
    if program is None:
        sys.exit(f"there is no {arguments.borg}")
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    branch = ".".join(answer.split()[1].split(".")[:2])
    for name in arguments.cases or CASES:
        with tempfile.TemporaryDirectory(prefix="record-", ignore_cleanup_errors=True) as folder:
            lab = Lab(program, Path(folder))
            try:
                recorded = CASES[name](lab)
            except CannotRecord as reason:
                sys.stdout.write(f"{branch} {name}: cannot be recorded here: {reason}\n")
                continue
            _write(DATA / branch / name, recorded, lab)
            sys.stdout.write(f"{branch} {name}: {recorded.exit_code}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
