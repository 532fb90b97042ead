"""``NewType`` ids of stored objects, one per kind, so that mypy tells them apart."""

from __future__ import annotations

from typing import NewType

RepositoryId = NewType("RepositoryId", int)
ScriptId = NewType("ScriptId", int)
AssignmentId = NewType("AssignmentId", int)
RunId = NewType("RunId", int)
ExecutionId = NewType("ExecutionId", int)
"""The id of one script in one run, or of a test."""
