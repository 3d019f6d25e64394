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

// otherPort is where the peer serves HTTP besides port 80.
const otherPort = "8080"

// runPeer serves until standard input ends.
func runPeer() error {
	ctx := context.Background()
	var lc net.ListenConfig
	failed := make(chan error, 4)
	for _, port := range []string{"80", otherPort} {
		web, err := lc.Listen(ctx, "tcp", ":"+port) // on the addresses it gets later, too
		if err != nil {
			return err
		}
		go func() { failed <- http.Serve(web, http.HandlerFunc(serveBytes)) }()
	}
	dns, err := lc.ListenPacket(ctx, "udp", net.JoinHostPort(farAddr, "53"))
	if err != nil {
		return err
	}
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

// serveBytes takes what it is sent and answers with as many bytes as "n" says. Before,
// it calls the address "call", if there is one, and waits until that hangs up.
func serveBytes(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	n, err := strconv.Atoi(query.Get("n"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return // the connection is gone
	}
	if address := query.Get("call"); address != "" {
		if err := callBack(r.Context(), address); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(n))
	_, _ = w.Write(bytes.Repeat([]byte("x"), n))
}

func callBack(ctx context.Context, address string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn)
	return errors.Join(err, conn.Close())
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
