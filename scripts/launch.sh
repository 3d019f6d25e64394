# Sourced by run.sh and demo.sh.

# launch runs the program in the foreground, so that Ctrl-C stops it and nothing else.
# At a terminal it becomes a job of its own: make does not get the interrupt, waits,
# and reports the program's exit code. Without one it takes this shell's place and
# gets the signals that are sent to it.
launch() {
	if [[ -t 2 ]]; then
		set -m
		"$@"
	else
		exec "$@"
	fi
}
