#!/usr/bin/env bash
# tests/sdk/run.sh BISE_PROGRAM [STARTER]: official clients against a running server (README.md).
# 0: all passed, 1: some failed, 77: skipped, because packages or the starter are not to be had.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
program=$(readlink -f "${1:?usage: run.sh BISE_PROGRAM [STARTER]}")
home=${BISE_HOME:-${XDG_DATA_HOME:-${HOME:-}/.local/share}/bise}
starter=${2:-$home/models/starter.gguf}
packages=$root/build/sdk
python=$packages/venv/bin/python
export BISE_API_KEY=a-key-of-the-tests
export PYTHONDONTWRITEBYTECODE=1

skip() {
  echo "SKIPPED: $*"
  exit 77
}

# The scripts are copied beside the packages, where Node looks for them.
install_packages() {
  mkdir -p "$packages"
  cp "$here"/package.json "$here"/package-lock.json "$here"/*.mjs "$here"/*.py "$packages"
  local wanted
  wanted=$(cat "$here"/package-lock.json "$here"/requirements.txt | sha256sum)
  [[ -f $packages/.installed && $(<"$packages/.installed") == "$wanted" ]] && return
  (cd "$packages" && npm ci --no-audit --no-fund --silent) || return 1
  [[ -x $python ]] || python3 -m venv "$packages/venv" || return 1
  "$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" ||
    return 1
  echo "$wanted" > "$packages/.installed"
}

[[ -f $starter ]] || skip "no starter model at $starter (./run fetches it)"
command -v npm >/dev/null || skip "npm is not installed"
install_packages || skip "the clients' packages cannot be installed"

work=$(mktemp -d)
servers=()
end() {
  ((${#servers[@]} > 0)) && kill "${servers[@]}" 2>/dev/null
  wait
  rm -rf "$work"
}
trap end EXIT

# start NAME ARGUMENTS...: a server on a free port; its address is then in $address.
start() {
  local name=$1
  shift
  BISE_HOME=$work/$name "$program" serve --port 0 --log none "$@" \
    > "$work/$name.out" 2> "$work/$name.err" &
  servers+=($!)
  local tries
  for ((tries = 0; tries < 600; ++tries)); do
    address=$(grep -om1 '^http://[^/]*' "$work/$name.out")
    [[ -n $address ]] && curl -sf "$address/health" >/dev/null && return
    kill -0 "${servers[-1]}" 2>/dev/null || break
    sleep 0.1
  done
  echo "FAIL  the server $name did not start"
  cat "$work/$name.err"
  exit 1
}

start starter "$starter"
export BISE_STARTER_URL=$address
start tok "$root/tests/golden/gguf/tok.gguf" --layout v13
export BISE_TOK_URL=$address

failed=0
for script in "$packages"/*_checks.py; do
  timeout 300 "$python" "$script" || failed=1
done
for script in "$packages"/*_checks.mjs; do
  timeout 300 node "$script" || failed=1
done
for server in "${servers[@]}"; do
  kill -0 "$server" 2>/dev/null || { echo "FAIL  a server has ended"; failed=1; }
done
((failed == 0)) || tail -n 20 "$work"/*.err
exit "$failed"
