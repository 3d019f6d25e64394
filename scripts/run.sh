#!/usr/bin/env bash
# run.sh PROGRAM [FLAG…] - starts the monitor with the one capability that it needs, CAP_NET_RAW. If it has
# to be got by sudo, then only to start: the program itself runs as the user who called.
set -euo pipefail
source "$(dirname "$0")/launch.sh"
program=$1

# has_net_raw is true if this shell hands CAP_NET_RAW (bit 13) down, or if the file brings it along.
has_net_raw() {
	local ambient
	ambient=$(sed -n 's/^CapAmb:\s*//p' /proc/self/status)
	(( 16#${ambient:-0} >> 13 & 1 )) || PATH=$PATH:/usr/sbin:/sbin getcap "$program" 2>/dev/null | grep -q cap_net_raw
}

# captures is false if the flags ask for something else than a live capture.
captures() {
	local flag
	for flag; do
		case $flag in
		--read | --read=* | -r* | --list-interfaces | -h | --help | -v | --version) return 1 ;;
		esac
	done
}

if (( EUID == 0 )) || ! captures "${@:2}" || has_net_raw; then
	$launch "$@"
	exit
fi
if ! command -v sudo >/dev/null; then
	cat >&2 <<-END
		Capturing needs the capability CAP_NET_RAW, and there is no sudo here. As root, either
		  setcap cap_net_raw+ep $PWD/$program    (again after each build), then make run as before
		or run make run as root. Without privileges there is make demo.
	END
	exit 1
fi
echo "Capturing needs CAP_NET_RAW: sudo gives it, and nothing more; the program runs as $(id -un)."
variables=$(compgen -e NETFLOW_ | paste -sd,) || true
$launch sudo ${variables:+--preserve-env="$variables"} \
	setpriv --reuid="$(id -u)" --regid="$(id -g)" --init-groups --inh-caps=+net_raw --ambient-caps=+net_raw -- "$@"
