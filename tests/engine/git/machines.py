"""Machines with a library in git, and a bare repository between them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from borgdesk.domain.script import NewScript, Script
from tests.engine.desk import Desk


def git(folder: Path, *arguments: str) -> str:
    """Run the git of a user who has configured nothing."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Somebody",
        "GIT_AUTHOR_EMAIL": "somebody@example.org",
        "GIT_COMMITTER_NAME": "Somebody",
        "GIT_COMMITTER_EMAIL": "somebody@example.org",
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def bare(folder: Path) -> Path:
    """Make the remote."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main")
    return folder


def put_in_git(desk: Desk, remote: Path | None = None) -> Path:
    """Make the library a work tree, as its user does."""
    library = desk.workspace.paths.library
    git(library, "init", "--quiet", "--initial-branch=main")
    git(library, "config", "user.name", "Anna")
    git(library, "config", "user.email", "anna@example.org")
    if remote is not None:
        git(library, "remote", "add", "origin", str(remote))
    return library


def add(desk: Desk, name: str, text: str = "") -> Script:
    content = f"#!/bin/sh\n{text or f'echo {name}'}\n".encode()
    return desk.workspace.store.scripts.add(NewScript(name, content))


def text_of(desk: Desk, script: Script) -> str:
    return desk.workspace.store.scripts.content(script.id).decode()
