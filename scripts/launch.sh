# shellcheck shell=bash
# Sourced by run.sh and demo.sh, which begin the program with $launch.

# At a terminal the program becomes a job of its own: Ctrl-C reaches it and not make,
# which waits and reports the program's exit code. Without a terminal it takes the
# shell's place and gets the signals that are sent to it.
launch=exec
if [[ -t 2 ]]; then
	set -m
	launch=
fi
