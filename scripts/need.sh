#!/bin/sh
# need.sh TOOL VERSION - fails with a clear message unless the tool is there, in this version or a newer one.
set -eu
tool=$1 want=$2
case $tool in
go) have=$(go env GOVERSION 2>&1) || true; where=https://go.dev/dl/ ;;
node) have=$(node --version 2>&1) || true; where=https://nodejs.org/ ;;
esac
number=$(printf '%s' "$have" | sed -n 's/^\(go\|v\)\([0-9][0-9.]*\).*/\2/p')
if [ -z "$number" ] || ! printf '%s\n%s\n' "$want" "$number" | sort -V -C; then
	echo "$tool $want or newer is needed, found: ${have:-none}" >&2
	echo "get it from $where, and see that it comes first in PATH" >&2
	exit 1
fi
