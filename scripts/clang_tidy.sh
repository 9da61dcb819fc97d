#!/usr/bin/env bash
# scripts/clang_tidy.sh LOG FILE: clang-tidy 14 over one file, with the compile commands of the
# preset "tidy". Its words go to LOG, which stays only if there were any; ends with 1 then.
root=$(readlink -f "${BASH_SOURCE[0]}")
cd "${root%/scripts/*}" || exit 1
if clang-tidy-14 -p build/tidy --quiet --warnings-as-errors='*' "$2" >"$1" 2>"$1.err"; then
  rm -f "$1" "$1.err"
else
  cat "$1.err" >>"$1"
  rm -f "$1.err"
  exit 1
fi
