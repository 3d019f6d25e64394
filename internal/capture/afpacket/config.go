// Package afpacket captures packets from Linux interfaces through rings that the
// kernel fills (AF_PACKET, TPACKET_V3).
package afpacket

import (
	"errors"
	"fmt"
	"os"
	"slices"
)

// Any is the name that stands for all interfaces but the loopback.
const Any = "any"

const (
	blockSize = 1 << 20 // bytes of a block of the ring

	minRingBytes = 2 * blockSize
	maxRingBytes = 1 << 30
	minSnapLen   = 64
	maxSnapLen   = 256 << 10
	maxWorkers   = 64
	// maxInterfaces is how many can be told from one another in a jump of a filter.
	maxInterfaces = 128
)

// Config says what to capture and with how much memory.
type Config struct {
	// Interfaces are names. With one, the capture ends when that interface does. With
	// several, or Any, the capture goes on while they come and go: see Capture.Refresh.
	Interfaces []string
	// Promiscuous asks the named interfaces for frames that are addressed to others too.
	Promiscuous bool
	// Filter is an expression of pcap-filter(7); empty takes every packet.
	Filter string
	// SnapLen is how many bytes of each frame are captured, from 64 to 262144.
	SnapLen int
	// RingBytes is the size of each worker's ring, from 2 MiB to 1 GiB; it is rounded
	// down to whole MiB.
	RingBytes int
	// Workers is how many sources share the packets, from 1 to 64. All packets of a
	// conversation come from the same one, unless they are fragments or in tunnels.
	Workers int
}

// Default is a configuration without an interface: 256 bytes of each frame in one ring
// of 64 MiB, which holds what a busy link brings while the reader is held up.
func Default() Config {
	return Config{SnapLen: 256, RingBytes: 64 << 20, Workers: 1}
}

// shared reports whether one ring is for several interfaces.
func (c Config) shared() bool { return len(c.Interfaces) > 1 || c.any() }

func (c Config) any() bool { return slices.Contains(c.Interfaces, Any) }

// Validate tells all that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	if n := len(c.Interfaces); n == 0 || slices.Contains(c.Interfaces, "") {
		errs = append(errs, errors.New("no interface to capture on: name one with -i"))
	} else if n > maxInterfaces {
		errs = append(errs, fmt.Errorf("%d interfaces are too many: name up to %d, or %q", n, maxInterfaces, Any))
	}
	for _, v := range []struct {
		name             string
		value, low, high int
		unit             string
	}{
		{"snap length", c.SnapLen, minSnapLen, maxSnapLen, " bytes"},
		{"ring size", c.RingBytes, minRingBytes, maxRingBytes, " bytes"},
		{"number of workers", c.Workers, 1, maxWorkers, ""},
	} {
		if v.value < v.low || v.value > v.high {
			errs = append(errs, fmt.Errorf("%s %d is out of range: give %d to %d%s", v.name, v.value, v.low, v.high, v.unit))
		}
	}
	return errors.Join(errs...)
}

// What Open's error wraps, so that a caller can tell the reasons apart. An interface
// that is down is reported as capture.ErrInterfaceGone.
var (
	ErrPermission       = errors.New("no permission to capture")
	ErrUnknownInterface = errors.New("no such interface")
	ErrUnsupported      = errors.New("capture is not supported")
	ErrFilter           = errors.New("capture filter is not possible on this interface")
)

// PermissionRemedy says what to do when Open fails with ErrPermission.
func PermissionRemedy() string {
	path, err := os.Executable()
	if err != nil {
		path = "PATH/netflow-monitor"
	}
	return fmt.Sprintf("run `sudo setcap cap_net_raw+ep %s`, or in a systemd unit set `AmbientCapabilities=CAP_NET_RAW`", path)
}
