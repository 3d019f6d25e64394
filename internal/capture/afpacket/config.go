// Package afpacket captures packets from a Linux interface through a ring that the
// kernel fills (AF_PACKET, TPACKET_V3).
package afpacket

import (
	"errors"
	"fmt"
	"os"
)

const (
	blockSize = 1 << 20 // bytes of a block of the ring

	minRingBytes = 2 * blockSize
	maxRingBytes = 1 << 30
	minSnapLen   = 64
	maxSnapLen   = 256 << 10
)

// Config says what to capture and with how much memory.
type Config struct {
	// Interface is its name.
	Interface string
	// Promiscuous asks the interface for frames that are addressed to others too.
	Promiscuous bool
	// Filter is an expression of pcap-filter(7); empty takes every packet.
	Filter string
	// SnapLen is how many bytes of each frame are captured, from 64 to 262144.
	SnapLen int
	// RingBytes is the size of the ring, from 2 MiB to 1 GiB; it is rounded down to
	// whole MiB.
	RingBytes int
}

// Default is a configuration without an interface: 256 bytes of each frame in a ring
// of 64 MiB, which holds what a busy link brings while the reader is held up.
func Default() Config {
	return Config{SnapLen: 256, RingBytes: 64 << 20}
}

// Validate tells all that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	if c.Interface == "" {
		errs = append(errs, errors.New("no interface to capture on: name one with -i"))
	}
	if c.SnapLen < minSnapLen || c.SnapLen > maxSnapLen {
		errs = append(errs, fmt.Errorf("snap length %d is out of range: give %d to %d bytes", c.SnapLen, minSnapLen, maxSnapLen))
	}
	if c.RingBytes < minRingBytes || c.RingBytes > maxRingBytes {
		errs = append(errs, fmt.Errorf("ring size %d is out of range: give %d to %d bytes", c.RingBytes, minRingBytes, maxRingBytes))
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
