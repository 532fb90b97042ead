"""What runs on this computer that a backup should stop, or dump, while Borg reads."""
