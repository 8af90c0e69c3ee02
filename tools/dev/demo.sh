#!/usr/bin/env bash
# From nothing to the built tools: installs packages, configures, builds.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash tools/setup.sh
cmake --preset default
cmake --build build
