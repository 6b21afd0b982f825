#!/bin/sh
# Puts in place what the browser tests need: Debian's Chromium (as root) and axe-core, an
# accessibility checker (MPL-2.0, used in tests alone). Does nothing where both are there.
set -eu
here=$(dirname "$0")
axe_version=4.14.1

if ! command -v chromium >/dev/null; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium
fi

if [ ! -f "$here/.axe/axe.min.js" ]; then
    mkdir -p "$here/.axe"
    packed=$(cd "$here/.axe" && npm pack --silent "axe-core@$axe_version")
    tar -xzf "$here/.axe/$packed" -C "$here/.axe" --strip-components=1 package/axe.min.js
    rm "$here/.axe/$packed"
fi
