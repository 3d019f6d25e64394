//go:build linux

package netns

import (
	"encoding/binary"
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// Sender sends frames out of an interface.
type Sender struct {
	fd      int
	address unix.SockaddrLinklayer
}

// NewSender makes a sender; it is closed at the end of the test at the latest.
func NewSender(t *testing.T, name string) *Sender {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := &Sender{fd: fd}
	t.Cleanup(s.Close)
	device, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	s.address = unix.SockaddrLinklayer{Ifindex: device.Index}
	return s
}

// Close releases the sender, once or more often.
func (s *Sender) Close() {
	if s.fd >= 0 {
		_ = unix.Close(s.fd) // nothing waits in it
	}
	s.fd = -1
}

// Send sends a frame and fails the test if it can't.
func (s *Sender) Send(t *testing.T, frame []byte) {
	t.Helper()
	if err := s.Try(frame); err != nil {
		t.Fatal(err)
	}
}

// Try sends a frame; it fails while the interface is away.
func (s *Sender) Try(frame []byte) error { return unix.Sendto(s.fd, frame, 0, &s.address) }

// Datagram is an Ethernet frame of 60 bytes with UDP in IPv4, from 192.0.2.9 and a port
// that is 20000 and the number, to port 9 of 198.51.100.9.
func Datagram(number int) []byte {
	b := make([]byte, 60)
	copy(b, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00\x45\x00\x00\x2e\x00\x00\x00\x00\x40\x11\x00\x00")
	copy(b[26:], []byte{192, 0, 2, 9, 198, 51, 100, 9})
	binary.BigEndian.PutUint16(b[34:], uint16(20000+number))
	binary.BigEndian.PutUint16(b[36:], 9)
	binary.BigEndian.PutUint16(b[38:], 26)
	return b
}
