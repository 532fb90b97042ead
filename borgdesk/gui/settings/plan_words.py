"""Words for what the import of a set-up would add, or has added."""

from __future__ import annotations

from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.schedule import CronForm
from borgdesk.engine.configuration.document import RepositoryPart
from borgdesk.engine.configuration.importing import Plan
from borgdesk.engine.configuration.remarks import About
from borgdesk.gui.look import icons, theme, words
from borgdesk.gui.settings.sentence_tree import Heading, Sentence
from borgdesk.translation import _, ngettext


def summary(plan: Plan) -> str:
    """Return what would be added, in short."""
    if plan.is_empty:
        return _("There is nothing to import: everything is here already, or cannot be taken.")
    return _(
        "Nothing has been changed yet. Found: {what}. Import only what you trust: its scripts will run as you."
    ).format(what=_counted(plan))


def imported(plan: Plan) -> str:
    """Return what was added, in short."""
    return _("Imported: {what}.").format(what=_counted(plan))


def preview(plan: Plan, *, done: bool = False) -> list[Heading]:
    """Return what is new, what is here already, and what cannot be taken."""
    new = [
        *(_repository(plan, part) for part in plan.repositories),
        *(Sentence(_("Script “{name}”").format(name=one.name)) for one in plan.scripts),
        *(Sentence(_("Setting {key}").format(key=key)) for key in plan.settings),
    ]
    warning = icons.toned("status-warning", theme.Tone.WARNING)
    found = [
        Heading(_("Imported") if done else _("New"), icons.toned("status-success", theme.Tone.GOOD), new),
        Heading(_("Please note"), warning, _remarks(plan, About.NEW)),
        Heading(_("Cannot be taken"), warning, _remarks(plan, About.NOT_TAKEN)),
    ]
    if not done:
        present = icons.toned("dialog-information", theme.Tone.MUTED)
        found.append(Heading(_("Already here"), present, _remarks(plan, About.PRESENT)))
    return found


def _remarks(plan: Plan, about: About) -> list[Sentence]:
    return [Sentence(one.sentence) for one in plan.remarks if one.about is about]


def _repository(plan: Plan, part: RepositoryPart) -> Sentence:
    uses = [f"{lane_title(one.hook)}: {plan.names[one.script]}" for one in part.assignments]
    if part.schedule is not None:
        uses.append(_("Schedule: {when}").format(when=CronForm.parse(part.schedule.cron).in_words()))
    repository = part.repository
    return Sentence(
        _("Repository “{name}” at {location}").format(name=repository.name, location=repository.location), tuple(uses)
    )


def _counted(plan: Plan) -> str:
    return words.amounts(
        (words.repositories, len(plan.repositories)),
        (words.scripts, len(plan.scripts)),
        (_settings, len(plan.settings)),
    )


def _settings(count: int) -> str:
    return ngettext("{count} setting", "{count} settings", count).format(count=words.number(count))
