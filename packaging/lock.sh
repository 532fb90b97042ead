#!/usr/bin/env bash
# Pins requirements.in, requirements-dev.in and requirements-mutants.in, with everything they pull in and the hashes of all
# their files, into .txt files of these names. Run it to move to newer versions: `make lock`. The compiler (uv) lives in
# a folder that is thrown away. Nothing of the package index used, or of this machine, is written.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install -q --disable-pip-version-check uv

# The oldest Python we support needs the most packages: what it needs is enough for newer ones.
for name in requirements requirements-dev requirements-mutants; do
    {
        echo "# Made by \`make lock\` from $name.in; do not edit."
        "$scratch/venv/bin/uv" pip compile -q --upgrade --no-header --generate-hashes --no-emit-index-url \
            --no-emit-find-links --python-version 3.11 --python-platform x86_64-manylinux_2_34 "$name.in"
    } >"$scratch/$name.txt"
done
mv -- "$scratch"/requirements{,-dev,-mutants}.txt .
