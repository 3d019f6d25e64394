package wire

import (
	"encoding/json"
	"time"
)

// The topics of GET /api/ws. A topic may carry a query string with the parameters
// of the list it mirrors ("sessions" takes those of GET /api/sessions).
const (
	TopicStatus   = "status"   // Status
	TopicTraffic  = "traffic"  // History: the last hour as snapshot, then the newest seconds
	TopicSessions = "sessions" // Page[Session]
	TopicIPStats  = "ip-stats" // TopTalkers
	TopicGeoMap   = "geo-map"  // GeoMap
	TopicEvents   = "events"   // Page[Event], newest first
)

// ClientMessage is what a client sends: its whole set of subscriptions, at most 16.
type ClientMessage struct {
	Type   string         `json:"type"` // "subscribe"
	Topics []Subscription `json:"topics"`
}

// Subscription names a topic and, where it takes one, its query.
type Subscription struct {
	Topic string `json:"topic"`
	Query string `json:"query"`
}

// ServerMessage is what the server sends: "hello" once, then for each subscription
// one "snapshot" and an "update" a second; "error" for a subscription it refuses.
type ServerMessage struct {
	Type    string          `json:"type"`
	Topic   string          `json:"topic"`
	Query   string          `json:"query"`
	Time    time.Time       `json:"time"`
	Version string          `json:"version"` // in hello
	Data    json.RawMessage `json:"data,omitempty"`
	Error   *Problem        `json:"error,omitempty"`
}
