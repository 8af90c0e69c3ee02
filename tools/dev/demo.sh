#!/usr/bin/env bash
# From nothing to a compiled model that runs: installs packages, configures, builds, compiles the bundled net, shows what it sees.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash tools/setup.sh
cmake --preset default
cmake --build build --target tgc tgc-run
model=test/E2E/Models/digits
out=build/demo
mkdir -p "$out"
set -x
build/bin/tgc $model/digits.pb --feeds images:0 --fetches logits:0,digit:0 -o $out/digits.so
build/bin/tgc-run $out/digits.so --feeds $model/digits.npz --fetch logits:0,digit:0 --out $out/predicted.npz
{ set +x; } 2>/dev/null
/usr/bin/env -S PATH=/usr/bin:"$PATH" python3 tools/dev/show-digits.py $model/digits.npz $out/predicted.npz $model/expected.npz
