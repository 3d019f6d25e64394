#!/usr/bin/env bash
# Compares what reading a capture file costs us and other flow meters: processor time
# of the whole process for each packet, and its largest resident memory. The commands
# run in turn, so that a noisy machine is noisy for all of them.
#
#   scripts/compare-readers.sh FILE.pcap [ROUNDS]
#
# Other meters that are not installed are left out (Debian: nfdump softflowd
# argus-server tcpdump).
set -euo pipefail

if [ $# -lt 1 ] || [ ! -r "$1" ]; then
  sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
pcap=$(realpath "$1") rounds=${2:-3}
cd "$(dirname "$0")/.."
CGO_ENABLED=0 go build -trimpath -o bin/netflow-monitor ./cmd/netflow-monitor
packets=$(bin/netflow-monitor read "$pcap" 2>&1 >/dev/null | sed -n 's/ packets read.*//p')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

names=() commands=()
add() { # NAME PROGRAM ARGUMENTS…
  if command -v "$2" >/dev/null; then
    names+=("$1") commands+=("${*:2}")
  fi
}
add "read the bytes" dd "if=$pcap" of=/dev/null bs=256k status=none
add netflow-monitor bin/netflow-monitor read "$pcap"
add tcpdump tcpdump -r "$pcap" -w /dev/null
add nfpcapd nfpcapd -r "$pcap" -l "$work" -t 3600
add softflowd softflowd -r "$pcap" -m 2000000 -6 -d -c none -p "$work/pid"
add argus argus -r "$pcap" -w "$work/argus.out"

for ((round = 0; round < rounds; round++)); do
  for i in "${!commands[@]}"; do
    read -ra command <<<"${commands[i]}"
    /usr/bin/time -o "$work/time" -f '%U %S %M' "${command[@]}" >"$work/out" 2>&1 </dev/null || true
    tail -1 "$work/time" >>"$work/$i.times"
    rm -f "$work"/nfcapd.* "$work/argus.out"
  done
done

printf '%-16s %14s %14s %10s\n' "$packets packets" 'median ns' 'least ns' 'MB'
for i in "${!names[@]}"; do
  awk -v packets="$packets" '{ print ($1 + $2) * 1e9 / packets, $3 / 1024 }' "$work/$i.times" | sort -n |
    awk -v name="${names[i]}" '
      { cost[NR] = $1; if ($2 > memory) memory = $2 }
      END { printf "%-16s %14.0f %14.0f %10.0f\n", name, cost[int((NR + 1) / 2)], cost[1], memory }'
done
