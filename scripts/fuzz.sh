#!/usr/bin/env bash
# scripts/fuzz.sh SECONDS NAME...: runs fuzz targets (built by the preset "asan") one after the
# other from their seeds and from what earlier runs learned (build/fuzz/corpus). A finding lands in
# build/fuzz/findings; ends with 1 if there was one.
set -uo pipefail
root=$(readlink -f "${BASH_SOURCE[0]}")
root=${root%/scripts/*}
cd "$root" || exit 1
seconds=$1
shift
status=0
for name; do
  corpus=build/fuzz/corpus/$name seeds=tests/fuzz/seeds/$name
  mkdir -p "$corpus" build/fuzz/findings
  [[ -d $seeds ]] || { echo "$name: no seeds in $seeds"; status=1; continue; }
  # A single allocation of 256 MB for an input of at most 1 MB is out of proportion.
  if ! build/asan/tests/fuzz/"${name}_fuzz" -max_total_time="$seconds" -timeout=10 \
      -max_len=1048576 -rss_limit_mb=2048 -malloc_limit_mb=256 -print_final_stats=1 -verbosity=1 \
      -artifact_prefix="build/fuzz/findings/$name-" "$corpus" "$seeds" >"build/fuzz/$name.log" 2>&1
  then
    echo "$name: a finding; the end of build/fuzz/$name.log:"
    tail -n 40 "build/fuzz/$name.log"
    status=1
  else
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$name.log")
    echo "$name: $seconds s, ${runs:-?} runs, nothing found"
  fi
done
exit $status
