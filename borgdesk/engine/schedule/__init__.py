"""When backups start by themselves: what is due, what it waits for, and who starts it."""
