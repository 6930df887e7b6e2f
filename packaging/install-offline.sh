#!/usr/bin/env bash
# Installs radloop from the folder that this file lies in, and from nothing else: no index is asked.
#
#   ./install-offline.sh /opt/radloop/.venv [PYTHON]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=${1:?where to: install-offline.sh FOLDER [PYTHON]}
python=${2:-python3}

"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' || {
    echo "radloop needs Python 3.11 or 3.12: $("$python" --version) is neither" >&2
    exit 2
}
"$python" -m venv "$target"
pip=("$target/bin/python" -m pip --disable-pip-version-check --isolated --quiet install --no-index --find-links "$here")
"${pip[@]}" "torch==$(sed -n 's/^torch==//p' "$here/requirements.lock")" --constraint "$here/requirements.lock"
"${pip[@]}" --no-deps -r "$here/requirements.lock"
"${pip[@]}" --no-deps radloop
"$target/bin/python" -m compileall -qq "$target"/lib/python*/site-packages/radloop
echo "radloop $("$target/bin/radloop" --version | sed 's/.* //') is in $target; next: $target/bin/radloop doctor"
