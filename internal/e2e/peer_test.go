package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"

	"golang.org/x/net/dns/dnsmessage"
)

// peerEnv makes the test binary be the other end of the wire: a real HTTP server and
// a real DNS server in a network namespace of its own.
const peerEnv = "NETFLOW_E2E_PEER"

// The two ends of the veth pair. The addresses are documentation ranges, so that
// the monitor sees one of its own and one from outside.
const (
	nearAddr = "192.0.2.1"
	farAddr  = "198.51.100.1"
	farName  = "peer.example."
)

// runPeer serves until standard input ends.
func runPeer() error {
	ctx := context.Background()
	var lc net.ListenConfig
	web, err := lc.Listen(ctx, "tcp", net.JoinHostPort(farAddr, "80"))
	if err != nil {
		return err
	}
	dns, err := lc.ListenPacket(ctx, "udp", net.JoinHostPort(farAddr, "53"))
	if err != nil {
		return err
	}
	failed := make(chan error, 3)
	go func() { failed <- http.Serve(web, http.HandlerFunc(serveBytes)) }()
	go func() { failed <- serveDNS(dns) }()
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		failed <- errors.Join(err, io.EOF)
	}()
	fmt.Println("ready")
	if err := <-failed; !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// serveBytes answers with as many bytes as "n" says.
func serveBytes(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.URL.Query().Get("n"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(n))
	_, _ = w.Write(bytes.Repeat([]byte("x"), n))
}

// serveDNS answers every question with this end's address.
func serveDNS(conn net.PacketConn) error {
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return err
		}
		var m dnsmessage.Message
		if err := m.Unpack(buf[:n]); err != nil {
			continue
		}
		m.Response, m.Authoritative = true, true
		m.Additionals = nil
		for _, q := range m.Questions {
			if q.Type == dnsmessage.TypeA {
				m.Answers = append(m.Answers, dnsmessage.Resource{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
					Body:   &dnsmessage.AResource{A: [4]byte(net.ParseIP(farAddr).To4())},
				})
			}
		}
		answer, err := m.Pack()
		if err != nil {
			return err
		}
		if _, err := conn.WriteTo(answer, from); err != nil {
			return err
		}
	}
}
