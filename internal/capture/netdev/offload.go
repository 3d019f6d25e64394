package netdev

import (
	"encoding/binary"
	"os"
	"runtime"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// offloads are what joins or splits segments so that frames captured are not those on
// the wire: the names that `ethtool -K` takes, and what the kernel's own names begin
// with (net/ethtool/common.c, netdev_features_strings). TSO has one for each kind of TCP.
var offloads = []struct{ name, prefix string }{
	{"tso", "tx-tcp"},
	{"gso", "tx-generic-segmentation\x00"},
	{"gro", "rx-gro\x00"},
	{"lro", "rx-lro\x00"},
	{"rx-gro-hw", "rx-gro-hw\x00"},
}

const (
	featureStrings = 4  // ETH_SS_FEATURES
	stringLen      = 32 // ETH_GSTRING_LEN
)

// ethtool asks drivers by ioctls (linux/ethtool.h); these need no privilege.
type ethtool struct {
	fd       int
	features []string // by bit, each filled up with zeros
}

// openEthtool takes the names of features from one device; they are the kernel's, so
// those of all. It must be closed.
func openEthtool(device string) (*ethtool, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	e := &ethtool{fd: fd}
	// struct ethtool_sset_info: cmd, reserved, sset_mask (64 bit), then a length for each
	// bit of the mask that there are strings for.
	info := ethtoolRequest(unix.ETHTOOL_GSSET_INFO, 20)
	binary.NativeEndian.PutUint64(info[8:], 1<<featureStrings)
	if !e.ask(device, info) {
		return e, nil
	}
	count := int(binary.NativeEndian.Uint32(info[16:]))
	// struct ethtool_gstrings: cmd, string_set, len, then the strings.
	text := ethtoolRequest(unix.ETHTOOL_GSTRINGS, 12+count*stringLen)
	binary.NativeEndian.PutUint32(text[4:], featureStrings)
	binary.NativeEndian.PutUint32(text[8:], uint32(count))
	if !e.ask(device, text) {
		return e, nil
	}
	for chunk := range slices.Chunk(text[12:], stringLen) {
		e.features = append(e.features, string(chunk))
	}
	return e, nil
}

// on are the offloads of a device that are on; none where it cannot tell.
func (e *ethtool) on(device string) []string {
	// struct ethtool_gfeatures: cmd, size, then size times available, requested, active,
	// never_changed, 32 bits each.
	words := (len(e.features) + 31) / 32
	state := ethtoolRequest(unix.ETHTOOL_GFEATURES, 8+words*16)
	binary.NativeEndian.PutUint32(state[4:], uint32(words))
	if words == 0 || !e.ask(device, state) {
		return nil
	}
	isOn := func(bit int) bool {
		return binary.NativeEndian.Uint32(state[8+bit/32*16+8:])>>(bit%32)&1 != 0
	}
	var list []string
	for _, o := range offloads {
		for bit, feature := range e.features {
			if strings.HasPrefix(feature, o.prefix) && isOn(bit) {
				list = append(list, o.name)
				break
			}
		}
	}
	return list
}

func (e *ethtool) close() { _ = unix.Close(e.fd) }

// ethtoolRequest is a structure of linux/ethtool.h: they all begin with the command.
func ethtoolRequest(command uint32, size int) []byte {
	return append(binary.NativeEndian.AppendUint32(make([]byte, 0, size), command), make([]byte, size-4)...)
}

// ask hands a request to the driver, which writes its answer over it. It is false if
// there is none: the driver cannot tell, or the device has gone.
func (e *ethtool) ask(device string, request []byte) bool {
	// struct ifreq: the name and a union of 24 bytes, 16 where pointers have 32 bits.
	var ifreq struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}
	copy(ifreq.name[:unix.IFNAMSIZ-1], device)
	ifreq.data = unsafe.Pointer(&request[0])                                                                      //nolint:gosec // as the ioctl wants it
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(e.fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&ifreq))) //nolint:gosec // as above
	runtime.KeepAlive(request)
	return errno == 0
}
