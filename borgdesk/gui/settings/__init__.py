"""The settings page: what BorgDesk itself does, and where its files are."""
