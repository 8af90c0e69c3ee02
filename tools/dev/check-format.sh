#!/usr/bin/env bash
# Says which C and C++ files clang-format would change: check-format.sh [FILE...], all of the checkout by default.
# With --fix as the first argument it changes them.
set -euo pipefail
format=$(command -v clang-format-22 || command -v clang-format-14 || true)
if [ -z "$format" ]; then
  echo "format: skipped, no clang-format-22 or clang-format-14 here"
  exit 0
fi
mode=(--dry-run -Werror)
if [ "${1:-}" = --fix ]; then
  mode=(-i)
  shift
fi
if [ $# -eq 0 ]; then
  cd "$(dirname "$0")/../.."
  mapfile -t files < <(git ls-files '*.c' '*.cpp' '*.h' '*.hpp')
  set -- "${files[@]}"
fi
"$format" "${mode[@]}" "$@"
echo "format: ok"
