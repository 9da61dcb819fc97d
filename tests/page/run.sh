#!/usr/bin/env bash
# tests/page/run.sh BISE_PROGRAM [CHECK...]: the page in a browser, against the program itself with
# the starter model (BISE_STARTER names its file). Screenshots are left in build/page.
set -euo pipefail
cd "$(dirname "$0")/../.."

program=$(realpath "${1:?the program}")
shift
browser=${BISE_BROWSER:-$(command -v chromium || command -v chromium-browser || true)}
if [[ -z $browser ]]; then echo 'page: skipped, no chromium' >&2; exit 77; fi
if [[ ! -f ${BISE_STARTER:-} ]]; then echo 'page: skipped, no starter model' >&2; exit 77; fi
if [[ ! -f web/dist/index.html ]]; then
  echo 'page: skipped, the page was not built' >&2
  exit 77
fi
if [[ ! -d tests/page/node_modules/playwright-core ]] &&
    ! npm ci --prefix tests/page --no-audit --no-fund --silent; then
  echo 'page: skipped, npm did not bring its packages' >&2
  exit 77
fi
mkdir -p build/page
if [[ -d web/node_modules ]]; then npm test --prefix web --silent; fi
exec node tests/page/main.mjs --program "$program" --model "$BISE_STARTER" --browser "$browser" \
  --out build/page "$@"
