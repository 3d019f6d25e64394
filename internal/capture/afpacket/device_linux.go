package afpacket

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/capture"
)

// LINKTYPE_ numbers of what the ring delivers.
const (
	linkEthernet = 1
	linkRaw      = 101
)

// device is an interface as the kernel describes it.
type device struct {
	name     string
	index    int
	hardware uint16 // ARPHRD_ number
}

// rawHardware are the devices whose packets begin with the IP header: they have no link
// header, or one that they don't show reliably (PPP, GRE).
var rawHardware = [...]uint16{
	unix.ARPHRD_NONE, unix.ARPHRD_PPP, unix.ARPHRD_RAWIP, unix.ARPHRD_TUNNEL, unix.ARPHRD_TUNNEL6,
	unix.ARPHRD_SIT, unix.ARPHRD_IPGRE, unix.ARPHRD_IP6GRE,
}

// linkType is what the frames of a kind of device are, 0 if they can't be decoded.
func linkType(hardware uint16) uint16 {
	switch hardware {
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return linkEthernet
	}
	for _, raw := range rawHardware {
		if hardware == raw {
			return linkRaw
		}
	}
	return 0
}

// Supported reports whether packets of an interface with this ARPHRD_ number
// (linux/if_arp.h) can be decoded.
func Supported(hardware uint16) bool { return linkType(hardware) != 0 }

// findDevice looks an interface up by name; it must be up and of a kind that can be decoded.
func findDevice(name string) (device, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return device{}, fmt.Errorf("look up interface %s: %w", name, err)
	}
	defer func() { _ = unix.Close(fd) }()

	request, err := unix.NewIfreq(name)
	if err != nil { // longer than a name can be
		return device{}, unknownInterface(name)
	}
	ask := func(what uint) {
		if err == nil {
			err = unix.IoctlIfreq(fd, what, request)
		}
	}
	d := device{name: name}
	ask(unix.SIOCGIFINDEX)
	d.index = int(request.Uint32())
	ask(unix.SIOCGIFHWADDR)
	d.hardware = request.Uint16()
	ask(unix.SIOCGIFFLAGS)
	switch {
	case errors.Is(err, unix.ENODEV):
		return device{}, unknownInterface(name)
	case err != nil:
		return device{}, fmt.Errorf("look up interface %s: %w", name, err)
	case request.Uint16()&unix.IFF_UP == 0:
		return device{}, fmt.Errorf("%w: %s is down; bring it up with `sudo ip link set %s up`", capture.ErrInterfaceGone, name, name)
	case !Supported(d.hardware):
		return device{}, fmt.Errorf("%w on %s: its link type (ARPHRD %d) is none that can be decoded; choose an Ethernet, loopback or tunnel interface with -i",
			ErrUnsupported, name, d.hardware)
	}
	return d, nil
}

func unknownInterface(name string) error {
	devices, err := net.Interfaces()
	if err != nil || len(devices) == 0 {
		return fmt.Errorf("%w: %q, and there is no other", ErrUnknownInterface, name)
	}
	names := make([]string, len(devices))
	for i, d := range devices {
		names[i] = d.Name
	}
	return fmt.Errorf("%w: %q; there are %s: choose one with -i", ErrUnknownInterface, name, strings.Join(names, ", "))
}
