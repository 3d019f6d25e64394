package api

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"netflow-monitor/internal/api/wire"
)

// socket is a WebSocket client of the tests.
type socket struct {
	*testing.T
	conn *websocket.Conn
}

// dial returns the status of a refusal too, 0 if there was no answer.
func dial(t *testing.T, address string, header http.Header) (*socket, int, error) {
	t.Helper()
	return dialWith(t, address, &websocket.DialOptions{HTTPHeader: header})
}

func dialWith(t *testing.T, address string, options *websocket.DialOptions) (*socket, int, error) {
	t.Helper()
	conn, response, err := websocket.Dial(t.Context(), "ws://"+address+"/api/ws", options)
	if err != nil {
		if response == nil {
			return nil, 0, err
		}
		_ = response.Body.Close()
		return nil, response.StatusCode, err
	}
	conn.SetReadLimit(64 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &socket{t, conn}, response.StatusCode, nil
}

// connect dials and reads the hello.
func connect(t *testing.T, address string) *socket {
	t.Helper()
	s, _, err := dial(t, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m := s.read(); m.Type != "hello" || m.Version != "1.2.3" || m.Time.IsZero() {
		t.Fatalf("first message %+v", m)
	}
	return s
}

func (s *socket) read() wire.ServerMessage {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 10*time.Second)
	defer cancel()
	_, text, err := s.conn.Read(ctx)
	if err != nil {
		s.Fatal(err)
	}
	var m wire.ServerMessage
	if err := json.Unmarshal(text, &m); err != nil {
		s.Fatal(err)
	}
	return m
}

// next skips messages until one is of the type and topic.
func (s *socket) next(kind, topic string) wire.ServerMessage {
	s.Helper()
	for {
		if m := s.read(); m.Type == kind && m.Topic == topic {
			return m
		}
	}
}

// until reads updates of a topic until one is as wanted.
func until[T any](s *socket, topic string, wanted func(T) bool) T {
	s.Helper()
	for range 100 {
		if m := s.read(); m.Topic == topic && m.Error == nil {
			if v := dataOf[T](s.T, m); wanted(v) {
				return v
			}
		}
	}
	s.Fatalf("no such message of %s", topic)
	panic("unreachable")
}

func (s *socket) send(text string) {
	s.Helper()
	if err := s.conn.Write(s.Context(), websocket.MessageText, []byte(text)); err != nil {
		s.Fatal(err)
	}
}

func (s *socket) subscribe(topics ...string) {
	s.Helper()
	m := wire.ClientMessage{Type: "subscribe", Topics: []wire.Subscription{}}
	for _, x := range topics {
		m.Topics = append(m.Topics, splitKey(x))
	}
	text, err := json.Marshal(m)
	if err != nil {
		s.Fatal(err)
	}
	s.send(string(text))
}

// closed reads until the server closes, and returns its code.
func (s *socket) closed() websocket.StatusCode {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 10*time.Second)
	defer cancel()
	for {
		if _, _, err := s.conn.Read(ctx); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

func dataOf[T any](t *testing.T, m wire.ServerMessage) T {
	t.Helper()
	if m.Error != nil {
		t.Fatalf("%s %s: %+v", m.Type, m.Topic, m.Error)
	}
	var v T
	if err := json.Unmarshal(m.Data, &v); err != nil {
		t.Fatalf("%v in %.200s", err, m.Data)
	}
	return v
}
