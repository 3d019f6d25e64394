//go:build linux

// Command load sends the frames of a capture file out of an interface, as fast as one
// processor can or at a rate. It is the load of scripts/compare-live.sh, for interfaces
// of a test only: nothing on the other end answers.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	batch     = 64
	shortest  = 60
	longest   = 256 // bytes of a frame that are sent: more is not looked at
	ipv4Ports = 14 + 20
)

// message is struct mmsghdr (sendmmsg(2)).
type message struct {
	header unix.Msghdr
	sent   uint32
	_      [4]byte
}

func main() {
	name := flag.String("i", "", "interface")
	file := flag.String("r", "", "pcap file of Ethernet frames")
	length := flag.Duration("t", 5*time.Second, "how long")
	rate := flag.Float64("pps", 0, "packets a second; 0 is as many as possible")
	fresh := flag.Bool("new", false, "give each packet other ports: a new flow")
	flag.Parse()
	if err := run(*name, *file, *length, *rate, *fresh); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(name, file string, length time.Duration, rate float64, fresh bool) error {
	frames, err := read(file)
	if err != nil {
		return err
	}
	device, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1); err != nil {
		return err
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: device.Index}); err != nil {
		return err
	}
	s := sender{fd: fd, frames: frames, fresh: fresh}
	begin := time.Now()
	for time.Since(begin) < length {
		if rate > 0 && float64(s.packets) > rate*time.Since(begin).Seconds() {
			time.Sleep(200 * time.Microsecond)
			continue
		}
		if err := s.send(); err != nil {
			return err
		}
	}
	fmt.Printf("%d %.3f\n", s.packets, time.Since(begin).Seconds())
	return nil
}

type sender struct {
	fd      int
	frames  [][]byte
	fresh   bool
	packets int
	buffers [batch]unix.Iovec
	list    [batch]message
}

// send sends a batch.
func (s *sender) send() error {
	for i := range s.list {
		frame := s.frames[(s.packets+i)%len(s.frames)]
		if s.fresh && len(frame) >= ipv4Ports+4 {
			binary.BigEndian.PutUint32(frame[ipv4Ports:], uint32(s.packets+i)*2_654_435_761)
			binary.BigEndian.PutUint16(frame[28:], uint16((s.packets+i)>>16))
		}
		s.buffers[i].Base = &frame[0]
		s.buffers[i].SetLen(len(frame))
		s.list[i].header.Iov = &s.buffers[i]
		s.list[i].header.SetIovlen(1)
	}
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.list[0])), batch, 0, 0, 0)
	switch {
	case errno == 0:
		s.packets += int(n)
	case errno != unix.ENOBUFS && errno != unix.EAGAIN:
		return errno
	}
	return nil
}

// read takes the frames of a pcap file with the byte order of most machines.
func read(file string) (frames [][]byte, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	const header, record = 24, 16
	if len(data) < header || !bytes.Equal(data[:4], []byte{0xd4, 0xc3, 0xb2, 0xa1}) && !bytes.Equal(data[:4], []byte{0x4d, 0x3c, 0xb2, 0xa1}) {
		return nil, fmt.Errorf("%s is no pcap file in little-endian order", file)
	}
	for data = data[header:]; len(data) >= record; {
		n := int(binary.LittleEndian.Uint32(data[8:]))
		if n > len(data)-record {
			break
		}
		frame := make([]byte, max(shortest, min(n, longest)))
		copy(frame, data[record:record+n])
		frames = append(frames, frame)
		data = data[record+n:]
	}
	if len(frames) == 0 {
		return nil, errors.New("no frames in " + file)
	}
	return frames, nil
}
