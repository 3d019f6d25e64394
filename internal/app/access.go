package app

import (
	"fmt"
	"net"
	"net/netip"

	"netflow-monitor/internal/auth"
	"netflow-monitor/internal/config"
)

// access is who may use the page and the API.
type access struct {
	auth *auth.Auth // nil: no password, which is for the loopback only
	// generated is a password to print once; empty if the user chose one.
	generated string
}

// newAccess takes the password from the environment or the file; on an address that
// others can reach one is generated where the user gave none.
func newAccess(cfg config.Config) (a access, err error) {
	c := auth.Default()
	c.Password, c.PasswordFile = string(cfg.Web.Password), cfg.Web.PasswordFile
	if c.Password == "" && c.PasswordFile == "" {
		if apiConfig(cfg, false).LoopbackOnly() {
			return a, nil
		}
		a.generated = auth.GeneratePassword()
		c.Password = a.generated
	}
	a.auth, err = auth.New(c)
	switch {
	case err != nil && c.Password != "":
		return a, fmt.Errorf("environment variable NETFLOW_WEB_PASSWORD: %w", err)
	case err != nil:
		return a, fmt.Errorf("%w; set web.password_file to a file with the password in its first line", err)
	}
	return a, nil
}

// pageAddress is what a user opens in a browser.
func pageAddress(cfg config.Config, l net.Listener) string {
	host := cfg.Web.Host
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return "http://" + net.JoinHostPort(host, port) + "/"
}
