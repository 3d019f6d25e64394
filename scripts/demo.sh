#!/usr/bin/env bash
# demo.sh PROGRAM [FLAG…] - replays generated traffic at real speed, with a database of its own that is new
# each time. Needs no privileges and touches no other data.
set -euo pipefail
source "$(dirname "$0")/launch.sh"
folder=data/demo
rm -rf "$folder"
mkdir -p "$folder"
cat >"$folder/config.yaml" <<END
database: {path: "$folder/netflow.db"}
logging: {file: "$folder/netflow.log"}
# Where the made-up office is, so that the map can draw arcs from it.
geolocation: {home_latitude: 50.11, home_longitude: 8.68}
END
$launch "$1" --config "$folder/config.yaml" --read - --speed 1x --host 127.0.0.1 "${@:2}" < <(bin/demo-gen)
