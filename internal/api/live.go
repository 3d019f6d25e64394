package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stream"
)

const (
	maxSubscriptions = 16
	// maxClientMessage holds that many subscriptions with long queries, in bytes.
	maxClientMessage = 64 << 10
	sendTimeout      = 10 * time.Second
	pingInterval     = 20 * time.Second
	// messagePause bounds what a client can make the server do: so many messages a second.
	messagePause = 50 * time.Millisecond
)

// client is one WebSocket connection. Its goroutines are the reader, the pinger and
// the sender, which alone writes messages.
type client struct {
	server *Server
	conn   *websocket.Conn
	sub    *stream.Subscriber
	// allowed asks again whether the client is still signed in.
	allowed func() bool
	// messages are what the client sent; ended says why a goroutine did; done is
	// closed when all is over.
	messages chan []byte
	ended    chan error
	done     chan struct{}
}

var errNotAllowed = errors.New("signed out")

func (s *Server) getLive(w http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	if !sameOrigin(r) {
		return nil, forbidden("forbidden_origin", "the WebSocket is for this page only")
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		w.Header().Set("Upgrade", "websocket")
		return nil, &problem{status: http.StatusUpgradeRequired, code: "websocket_only", detail: "connect with a WebSocket client"}
	}
	select {
	case <-s.closing:
		return nil, unavailable("shutting_down", "the program is ending")
	default:
	}
	sub, err := s.hub.Subscribe()
	if err != nil {
		return nil, unavailable("too_many_clients", fmt.Sprintf("%d clients are connected already; close one", s.cfg.MaxClients))
	}
	defer sub.Close()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // sameOrigin has verified it
	if err != nil {
		s.log.Debug("websocket refused", "error", err) // Accept has answered
		return nil, nil
	}
	conn.SetReadLimit(maxClientMessage)
	c := &client{
		server: s, conn: conn, sub: sub,
		messages: make(chan []byte), ended: make(chan error, 2), done: make(chan struct{}),
		allowed: func() bool { return s.stillSignedIn(r) },
	}
	c.run(context.WithoutCancel(r.Context()))
	return nil, nil
}

// sameOrigin reports whether the request comes from our page, or from no browser.
func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// stillSignedIn asks about the cookie. A client that gave the password itself stays.
func (s *Server) stillSignedIn(r *http.Request) bool {
	if s.deps.Auth == nil || r.Header.Get("Authorization") != "" {
		return true
	}
	c, err := r.Cookie(cookieName)
	if err != nil {
		return false
	}
	_, ok := s.deps.Auth.Check(c.Value)
	return ok
}

// run serves the client until it leaves, is signed out or the server shuts down.
// Its goroutines don't share a context that ends: the WebSocket library would then
// cut the connection without the closing message.
func (c *client) run(ctx context.Context) {
	var others sync.WaitGroup
	defer others.Wait()
	defer close(c.done)
	others.Go(func() { c.ended <- c.read(ctx) })
	others.Go(func() { c.ended <- c.ping(ctx) })
	err := c.send(ctx)
	switch {
	case err == nil:
		_ = c.conn.Close(websocket.StatusGoingAway, "the program is ending")
	case errors.Is(err, errNotAllowed):
		_ = c.conn.Close(websocket.StatusPolicyViolation, "signed out")
	default:
		c.server.log.Debug("websocket ended", "error", err)
		_ = c.conn.CloseNow()
	}
}

// read hands over what the client sends, not faster than messagePause.
func (c *client) read(ctx context.Context) error {
	for {
		kind, text, err := c.conn.Read(ctx)
		if err != nil {
			return err
		}
		if kind != websocket.MessageText {
			text = nil // no JSON, which is answered as such
		}
		select {
		case c.messages <- text:
		case <-c.done:
			return nil
		}
		select {
		case <-time.After(messagePause):
		case <-c.done:
			return nil
		}
	}
}

// ping notices a client that is gone without a word, and one that is signed out.
func (c *client) ping(ctx context.Context) error {
	ticker := time.NewTicker(pingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-c.done:
			return nil
		case <-ticker.C:
		}
		if !c.allowed() {
			return errNotAllowed
		}
		pong, cancel := context.WithTimeout(ctx, sendTimeout)
		err := c.conn.Ping(pong)
		cancel()
		if err != nil {
			return fmt.Errorf("no pong: %w", err)
		}
	}
}

// send writes until the client leaves; it returns nil when the server shuts down.
func (c *client) send(ctx context.Context) error {
	hello, err := json.Marshal(wire.ServerMessage{Type: "hello", Time: time.Now().UTC(), Version: c.server.deps.Version})
	if err != nil {
		return err
	}
	if err := c.write(ctx, hello); err != nil {
		return err
	}
	for {
		select {
		case <-c.server.closing:
			return nil
		case err := <-c.ended:
			return err
		case text := <-c.messages:
			err = c.subscribe(ctx, text)
		case <-c.sub.Ready():
			err = c.updates(ctx)
		}
		if err != nil {
			return err
		}
	}
}

func (c *client) updates(ctx context.Context) error {
	if !c.allowed() {
		return errNotAllowed
	}
	for _, v := range c.sub.Take() {
		for _, text := range c.due(ctx, v) {
			if err := c.write(ctx, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// due is what to send for a value: itself, and if updates are only what is new, also
// those that the client was too slow for, or a snapshot if they are too many.
func (c *client) due(ctx context.Context, v stream.Value) [][]byte {
	x, f := splitKey(v.Topic), c.server.feed
	if v.Missed == 0 || f.topics[x.Topic].update == nil {
		return [][]byte{v.Data}
	}
	if v.Missed < keptUpdates {
		if texts := f.missed(x, v.Data, int(v.Missed)); texts != nil {
			return texts
		}
	}
	text, _ := f.snapshot(ctx, x) // says what is wrong itself
	return [][]byte{text}
}

// subscribe replaces the client's subscriptions. The new ones get a snapshot at
// once; those it had already go on.
func (c *client) subscribe(ctx context.Context, text []byte) error {
	if !c.allowed() {
		return errNotAllowed
	}
	var m wire.ClientMessage
	if err := json.Unmarshal(text, &m); err != nil || m.Type != "subscribe" {
		return c.refuse(ctx, wire.Subscription{}, badParameter("type", `the message must be {"type":"subscribe","topics":[{"topic":…,"query":…}]}`))
	}
	if len(m.Topics) > maxSubscriptions {
		return c.refuse(ctx, wire.Subscription{}, badParameter("topics", "%d are too many; at most %d are allowed", len(m.Topics), maxSubscriptions))
	}
	keys := make([]string, len(m.Topics))
	for i, x := range m.Topics {
		keys[i] = liveKey(x)
	}
	had := c.sub.Topics()
	for _, key := range had {
		if !slices.Contains(keys, key) {
			c.sub.Remove(key)
		}
	}
	for i, x := range m.Topics {
		if slices.Contains(had, keys[i]) || slices.Contains(keys[:i], keys[i]) {
			continue
		}
		if err := c.add(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) add(ctx context.Context, x wire.Subscription) error {
	if err := c.server.feed.check(x); err != nil {
		return c.refuse(ctx, x, err)
	}
	// Added before the snapshot is made, so that no update is lost between the two.
	if err := c.sub.Add(liveKey(x)); err != nil {
		return c.refuse(ctx, x, unavailable("too_many_topics", fmt.Sprintf("clients watch %d different lists already; try again later", maxLiveTopics)))
	}
	text, err := c.server.feed.snapshot(ctx, x)
	if err != nil && asProblem(err).status == http.StatusBadRequest {
		c.sub.Remove(liveKey(x)) // a wrong query stays wrong
	}
	return c.write(ctx, text)
}

func (c *client) refuse(ctx context.Context, x wire.Subscription, err error) error {
	return c.write(ctx, message("error", x, nil, err))
}

func (c *client) write(ctx context.Context, text []byte) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return c.conn.Write(ctx, websocket.MessageText, text)
}
