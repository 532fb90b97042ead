"""The script library in git: status, commit, log, pull and push of a library folder that is a git work tree."""
