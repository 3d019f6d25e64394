package afpacket

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/capture"
)

// Capture is a capture on one or several interfaces, by one or several sources.
type Capture struct {
	// Sources deliver the packets, each to a goroutine of its own that closes it. All
	// other methods belong to one goroutine that may be another.
	Sources []*Source
	cfg     Config
	devices []device // the named interfaces that are captured on
}

// Open begins to capture. Its errors wrap ErrPermission, ErrUnknownInterface,
// ErrUnsupported, ErrFilter or, for an interface that is down, capture.ErrInterfaceGone.
// Of several interfaces some may be missing, but not all.
func Open(cfg Config) (*Capture, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Capture{cfg: cfg}
	devices, missing := c.find()
	if len(devices) == 0 && !cfg.any() {
		return nil, missing[0]
	}
	if err := c.open(devices); err != nil {
		return nil, errors.Join(fmt.Errorf("open capture on %s: %w", cfg.name(), err), c.Close())
	}
	return c, nil
}

func (c *Capture) open(devices []device) error {
	index := 0 // all interfaces
	if !c.cfg.shared() {
		index = devices[0].index
	}
	fds := make([]int, 0, c.cfg.Workers)
	for range c.cfg.Workers {
		fd, ring, err := openSocket(c.cfg.RingBytes, index)
		if err != nil {
			return err
		}
		fds = append(fds, fd)
		c.Sources = append(c.Sources, newSource(c.cfg, fd, ring))
	}
	if len(fds) > 1 {
		if err := fanOut(fds); err != nil {
			return err
		}
	}
	return c.attach(devices)
}

// find looks the named interfaces up.
func (c *Capture) find() (devices []device, missing []error) {
	for _, name := range c.cfg.Interfaces {
		if name == Any {
			continue
		}
		d, err := findDevice(name)
		if err != nil {
			missing = append(missing, err)
			continue
		}
		devices = append(devices, d)
	}
	return devices, missing
}

// attach takes the packets of these devices from now on.
func (c *Capture) attach(devices []device) error {
	program, err := c.cfg.program(target{
		devices: devices, all: c.cfg.any(),
		loopback: slices.ContainsFunc(devices, func(d device) bool { return d.hardware == unix.ARPHRD_LOOPBACK }),
	})
	if err != nil {
		return err
	}
	for _, s := range c.Sources {
		if err := s.control(func(fd int) error { return attach(fd, program) }); err != nil {
			return err
		}
	}
	if c.cfg.Promiscuous {
		if err := c.listen(devices); err != nil {
			return err
		}
	}
	c.devices = devices
	return nil
}

// listen asks the devices for frames to others too. All sources hear what one asks for.
func (c *Capture) listen(devices []device) error {
	return c.Sources[0].control(func(fd int) error {
		for _, d := range c.devices {
			if !slices.Contains(devices, d) {
				// It fails for one that is gone, which listens no longer anyway.
				_ = promiscuous(fd, d.index, unix.PACKET_DROP_MEMBERSHIP)
			}
		}
		for _, d := range devices {
			if slices.Contains(c.devices, d) || linkType(d.hardware) != linkEthernet || d.hardware == unix.ARPHRD_LOOPBACK {
				continue
			}
			if err := promiscuous(fd, d.index, unix.PACKET_ADD_MEMBERSHIP); err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
		}
		return nil
	})
}

// Refresh looks at the interfaces again, after one came, went, or was changed. A capture
// on one interface ends with capture.ErrInterfaceGone if that is not the same any more;
// one on several goes on with those that are there. It reports why others are not. If it
// can't be told which are there, the capture goes on as it was.
func (c *Capture) Refresh() (missing []error, err error) {
	devices, missing := c.find()
	for _, reason := range missing {
		if !errors.Is(reason, ErrUnknownInterface) && !errors.Is(reason, capture.ErrInterfaceGone) && !errors.Is(reason, ErrUnsupported) {
			return nil, reason
		}
	}
	if slices.Equal(devices, c.devices) {
		return missing, nil
	}
	if !c.cfg.shared() {
		for _, s := range c.Sources {
			if err := s.control(func(fd int) error { return attach(fd, sockFilter(nothing)) }); err != nil {
				return missing, err
			}
			s.leave(fmt.Errorf("%w: %s", capture.ErrInterfaceGone, c.cfg.name()))
		}
		return missing, nil
	}
	return missing, c.attach(devices)
}

// Close ends all sources, if none of them is being read.
func (c *Capture) Close() error {
	errs := make([]error, len(c.Sources))
	for i, s := range c.Sources {
		errs[i] = s.Close()
	}
	return errors.Join(errs...)
}
