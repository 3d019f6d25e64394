package sqlite

import (
	"fmt"
	"net/netip"
	"strings"

	"netflow-monitor/internal/flow"
)

// tunnelText is a tunnel's text columns.
type tunnelText struct{ kinds, src, dst string }

func (x *tunnelText) parse(t *flow.Tunnel) (err error) {
	if x.kinds == "" {
		return nil
	}
	names := strings.Split(x.kinds, "/")
	if len(names) > flow.MaxTunnelDepth {
		return fmt.Errorf("tunnel %q is too deep", x.kinds)
	}
	for i, name := range names {
		var ok bool
		if t.Kinds[i], ok = flow.ParseTunnelKind(name); !ok {
			return fmt.Errorf("tunnel %q is not known", x.kinds)
		}
	}
	if t.Src, err = parseEnd(x.src); err != nil {
		return err
	}
	t.Dst, err = parseEnd(x.dst)
	return err
}

// addrText is empty for what is no address.
func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func parseEnd(text string) (end [16]byte, err error) {
	if text == "" {
		return end, nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return end, fmt.Errorf("tunnel address: %w", err)
	}
	return a.As16(), nil
}
