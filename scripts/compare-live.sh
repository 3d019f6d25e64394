#!/usr/bin/env bash
# Compares what a packet costs us and tcpdump on a live interface: a pair of virtual interfaces in a network
# namespace of its own, a sender on processor 0, one receiver at a time on processor 1. "kernel" is what the
# receiver's socket costs the sender's processor, against a run without a receiver.
#
#   scripts/compare-live.sh FILE.pcap [SECONDS] [ROUNDS] [FLAG OF load…]
#
# -pps 1000 as a flag sends that many packets a second, -new makes each packet a new flow.
# CONFIG names a configuration file for the monitor.
set -euo pipefail
if [[ $# -lt 1 || ! -r $1 ]]; then
	sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
	exit 2
fi
if [[ -z ${COMPARE_INSIDE:-} ]]; then
	cd_to=$(cd "$(dirname "$0")/.." && pwd) pcap=$(realpath "$1")
	cd "$cd_to"
	CGO_ENABLED=0 go build -trimpath -o bin/netflow-monitor ./cmd/netflow-monitor
	CGO_ENABLED=0 go build -trimpath -o bin/load ./internal/e2e/load
	inside=(unshare --net)
	(( EUID == 0 )) || inside=(unshare --user --map-root-user --net)
	COMPARE_INSIDE=1 exec "${inside[@]}" "$0" "$pcap" "${@:2}"
fi
cd "$(dirname "$0")/.."
pcap=$1 seconds=${2:-10} rounds=${3:-3}
flags=("${@:4}")
work=$(mktemp -d)
receiver=
trap '[[ -z $receiver ]] || kill -9 "$receiver" 2>/dev/null || true; rm -rf "$work"' EXIT
ticks=$(getconf CLK_TCK)

ip link set lo up
ip link add v0 type veth peer name v1
for name in v0 v1; do
	ip link set "$name" addrgenmode none
	ip link set "$name" up
done

# cpu PID prints its user and system time in ticks.
cpu() { cut -d' ' -f14,15 "/proc/$1/stat"; }

# run NAME COUNT COMMAND… loads one receiver and appends its figures. COUNT prints how many packets it saw.
run() {
	local name=$1 count=$2 before=(0 0) after=(0 0) sent took usage seen=0
	shift 2
	rm -rf "$work/run" && mkdir "$work/run"
	if (( $# )); then
		(cd "$work/run" && exec taskset -c 1 "$@" >"$work/out" 2>"$work/err") &
		receiver=$!
		sleep 2
		read -ra before < <(cpu "$receiver")
	fi
	# The sender's own time, user and system, is what the kernel does for the receiver too.
	usage=$( { TIMEFORMAT='%U %S'; time taskset -c 0 bin/load -i v0 -r "$pcap" -t "${seconds}s" "${flags[@]}" >"$work/sent"; } 2>&1)
	read -r sent took <"$work/sent"
	if (( $# )); then
		sleep 1
		read -ra after < <(cpu "$receiver")
		[[ $count != curl ]] || seen=$(curl -s "http://127.0.0.1:8099/api/status" | sed 's/.*"capture":{"packets":\([0-9]*\).*/\1/')
		kill -INT "$receiver" && wait "$receiver" || true
		receiver=
		[[ $count != tcpdump ]] || seen=$(sed -n 's/ packets captured//p' "$work/err")
	fi
	echo "$name $sent $took $usage $seen $(( after[0] - before[0] )) $(( after[1] - before[1] ))" >>"$work/figures"
}

for ((round = 0; round < rounds; round++)); do
	run nobody none
	! command -v tcpdump >/dev/null || run tcpdump tcpdump tcpdump -i v1 -n -w /dev/null -B 16384
	run netflow-monitor curl "$PWD/bin/netflow-monitor" -i v1 --host 127.0.0.1 -p 8099 ${CONFIG:+-c "$(realpath "$CONFIG")"}
done

awk -v ticks="$ticks" '
	{ n[$1]++; offered[$1] += $2; took[$1] += $3; sender[$1] += ($4 + $5) * 1e9; seen[$1] += $6; user[$1] += $7; system_[$1] += $8 }
	END {
		printf "%-16s %10s %8s %8s %8s %8s %8s %8s\n", "receiver", "packets/s", "lost %", "user ns", "sys ns", "kernel", "total", "core %"
		base = sender["nobody"] / offered["nobody"]
		printf "%-16s %10.0f\n", "nobody", offered["nobody"] / took["nobody"]
		for (i = split("tcpdump netflow-monitor", names, " "); i > 0; i--) {
			name = names[3 - i]
			if (!(name in n)) continue
			u = user[name] / ticks * 1e9 / offered[name]; s = system_[name] / ticks * 1e9 / offered[name]
			k = sender[name] / offered[name] - base
			printf "%-16s %10.0f %8.2f %8.0f %8.0f %8.0f %8.0f %8.1f\n", name, offered[name] / took[name],
				100 * (1 - seen[name] / offered[name]), u, s, k, u + s + k, (user[name] + system_[name]) / ticks / took[name] * 100
		}
	}' "$work/figures"
