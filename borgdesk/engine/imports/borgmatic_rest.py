"""Knows which options of borgmatic are taken, and says what BorgDesk has instead of the others."""

from __future__ import annotations

from collections.abc import Mapping

from borgdesk.engine.imports.borgmatic_commands import is_command_option
from borgdesk.engine.imports.gathering import Gathering
from borgdesk.engine.imports.records import Record
from borgdesk.engine.scripts.templates import templates
from borgdesk.translation import N_, _

_TAKEN = frozenset(
    "repositories source_directories exclude_patterns exclude_from patterns patterns_from exclude_caches "
    "one_file_system compression archive_name_format keep_within keep_hourly keep_daily keep_weekly keep_monthly "
    "keep_yearly keep_secondly keep_minutely keep_13weekly keep_3monthly keep encryption_passphrase "
    "encryption_passcommand working_directory umask skip_actions constants upload_rate_limit remote_rate_limit "
    "checkpoint_interval extra_borg_options exclude_if_present exclude_nodump keep_exclude_tags numeric_ids "
    "numeric_owner read_special sparse ssh_command remote_path".split()
)
"""Options that other modules take, or say something about."""

_TEMPLATES: Mapping[str, str] = {
    "postgresql_databases": "postgresql-dump.sh",
    "mariadb_databases": "mysql-dump.sh",
    "mysql_databases": "mysql-dump.sh",
    "mongodb_databases": "mongodb-dump.sh",
    "sqlite_databases": "sqlite-backup.sh",
    "healthchecks": "healthchecks-finish.sh",
    "ntfy": "ntfy.sh",
    "btrfs": "btrfs-snapshot-create.sh",
    "lvm": "lvm-snapshot-create.sh",
    "zfs": "zfs-snapshot-create.sh",
}
"""The script templates that do what an option does."""

_REASONS: Mapping[str, str] = {
    "checks": N_("Give the repository a schedule, and set there how often it is checked."),
    "match_archives": N_("Retention matches exactly the archives that BorgDesk has made."),
    "prefix": N_("Retention matches exactly the archives that BorgDesk has made."),
}
_HARMLESS = frozenset(
    "store_config_files bootstrap verbosity syslog_verbosity log_file_verbosity log_file log_json log_file_format "
    "monitoring_verbosity color progress statistics list_details".split()
)
"""Options that have nothing to do with what is backed up."""


def leave_out_options(options: Record, gathering: Gathering) -> None:
    """Say something about each option that is not taken."""
    for name, value in options.values.items():
        option = str(name)
        if option in _TAKEN or option in _HARMLESS or is_command_option(option) or value in (None, False, [], {}):
            continue
        gathering.leave_out(_("option “{option}”").format(option=option), _reason(option))


def _reason(option: str) -> str:
    if option in _TEMPLATES:
        names = {template.file_name: template.name for template in templates()}
        return _("Add the template “{template}” to the repository instead.").format(template=names[_TEMPLATES[option]])
    return _(_REASONS[option]) if option in _REASONS else _("BorgDesk has no such option.")
