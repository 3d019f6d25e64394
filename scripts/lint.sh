#!/usr/bin/env bash
# Runs golangci-lint in the version that tools/golangci-lint/go.mod pins; it is built once, which takes
# minutes. Without a network it can't be fetched: then this fails, or with LINT_OPTIONAL=1 says so and goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
linter=bin/golangci-lint
if [[ ! -x $linter || tools/golangci-lint/go.mod -nt $linter ]]; then
	echo "building golangci-lint (once, some minutes)"
	if ! (cd tools/golangci-lint && GOBIN=$PWD/../../bin GOFLAGS=-buildvcs=false go install tool); then
		if [[ -n ${LINT_OPTIONAL:-} && -z ${CI_REQUIRE_ALL:-} ]]; then
			echo "SKIP golangci-lint: it could not be fetched or built; see above"
			exit 0
		fi
		echo "golangci-lint could not be fetched or built; see above. It needs the network once." >&2
		exit 1
	fi
	touch $linter
fi
exec $linter run ./...
