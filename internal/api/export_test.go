package api

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// Each session is exported once, over several pages, in both formats.
func TestExportOfManyPages(t *testing.T) {
	f := newFixture(t)
	const n = 2*exportPage + 500
	f.traffic(t, n)
	w := f.get(t, "/api/export/sessions?format=jsonl")
	h := w.Header()
	if w.Code != 200 || h.Get("X-Total-Count") != strconv.Itoa(n) || h.Get("X-Total-Estimated") != "false" {
		t.Fatalf("status %d, headers %v", w.Code, h)
	}
	if d := h.Get("Content-Disposition"); !strings.HasPrefix(d, `attachment; filename="netflow-sessions-`) || !strings.HasSuffix(d, `.jsonl"`) {
		t.Errorf("disposition %q", d)
	}
	seen := make(map[string]bool)
	lines := bufio.NewScanner(w.Body)
	for lines.Scan() {
		var s wire.Session
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		seen[s.SessionID] = true
	}
	if len(seen) != n {
		t.Errorf("%d different sessions, want %d", len(seen), n)
	}
	table, err := csv.NewReader(f.get(t, "/api/export/sessions?order_by=total_bytes&order_direction=desc&max_bytes=2000").Body).ReadAll()
	if err != nil || len(table) != n || table[0][0] != "session_id" { // all but the largest, and the names
		t.Errorf("%d lines of CSV, %v", len(table), err)
	}
}

// An export has the rows of the list, in its order.
func TestExportIsTheList(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 300)
	f.writer.Record(store.Event{Kind: "capture_started", Message: "=Started, \"now\"", Params: map[string]string{"interface": "eth0"}})
	from := strconv.FormatInt(f.now.Unix()-60, 10)
	for _, tt := range []struct{ list, export string }{
		{"/api/sessions?per_page=1000&order_by=src_port&order_direction=desc&port=53", "/api/export/sessions?order_by=src_port&order_direction=desc&port=53"},
		{"/api/sessions?per_page=1000&order_by=session_id&order_direction=asc", "/api/export/sessions?from=" + from},
		{"/api/ip-stats?per_page=1000&order_by=total_bytes&local=false", "/api/export/ip-stats?order_by=total_bytes&order_direction=desc&local=false"},
		{"/api/ip-stats?per_page=1000&order_by=ip&order_direction=asc", "/api/export/ip-stats?"},
		{"/api/events?order_direction=asc", "/api/export/events?"},
	} {
		page := decode[wire.Page[json.RawMessage]](t, f.get(t, tt.list), 200)
		w := f.get(t, tt.export+"&format=jsonl")
		if w.Code != 200 || w.Header().Get("X-Total-Count") != strconv.Itoa(page.Total) {
			t.Fatalf("%s: %d, %v, want %d rows", tt.export, w.Code, w.Header(), page.Total)
		}
		var want strings.Builder
		for _, item := range page.Items {
			want.Write(append(item, '\n'))
		}
		if diff := cmp.Diff(want.String(), w.Body.String()); diff != "" {
			t.Errorf("%s (-list +export):\n%.2000s", tt.export, diff)
		}
	}
	events := f.get(t, "/api/export/events").Body.String()
	if !strings.Contains(events, `,"'=Started, ""now""",`) {
		t.Errorf("CSV of events:\n%s", events)
	}
	history := decode[wire.History](t, f.get(t, "/api/traffic-history?hours=1&step=60"), 200)
	points := f.get(t, "/api/export/traffic-history?hours=1&step=60&format=jsonl")
	if n := strings.Count(points.Body.String(), "\n"); n != len(history.Points) {
		t.Errorf("%d points, want %d", n, len(history.Points))
	}
	long := f.get(t, "/api/export/traffic-history?hours=12&step=1")
	if n := strings.Count(long.Body.String(), "\r\n"); n < 12*3600+1 || n > 12*3600+3 || long.Header().Get("X-Total-Count") != strconv.Itoa(n-1) {
		t.Errorf("%d lines for twelve hours, header says %s", n, long.Header().Get("X-Total-Count"))
	}
	ranking := f.get(t, "/api/export/rankings?dimension=protocol")
	if got := strings.Count(ranking.Body.String(), "\r\n"); got != 4 || !strings.Contains(ranking.Body.String(), "\r\nicmp,ICMP,") {
		t.Errorf("ranking:\n%s", ranking.Body)
	}
}

func TestExportRefuses(t *testing.T) {
	f := newFixture(t)
	for path, field := range map[string]string{
		"/api/export/sessions?format=xml":       "format",
		"/api/export/sessions?page=1":           "page",
		"/api/export/sessions?after=x":          "after",
		"/api/export/rankings?limit=5":          "limit",
		"/api/export/events?order_by=params":    "order_by",
		"/api/export/traffic-history?dimension": "dimension",
		"/api/export/ip-stats?from=never":       "from",
	} {
		if p := decode[wire.Problem](t, f.get(t, path), 400); p.Field != field {
			t.Errorf("%s: %+v", path, p)
		}
	}
	decode[wire.Problem](t, f.get(t, "/api/export/passwords"), 404)
	f.traffic(t, 3)
	w := f.do(t, http.MethodHead, "/api/export/sessions", "")
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("X-Total-Count") != "3" {
		t.Errorf("HEAD: %d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
}

func TestExportCompressed(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 2000)
	server := httptest.NewServer(f.Handler())
	defer server.Close()
	plain := fetchExport(t, server.URL, "")
	packed := fetchExport(t, server.URL, "gzip")
	if len(packed) > len(plain)/4 {
		t.Errorf("%d bytes of %d when compressed", len(packed), len(plain))
	}
}

// fetchExport returns the body as it came over the wire.
func fetchExport(t *testing.T, url, encoding string) string {
	t.Helper()
	response := ask(t, url+"/api/export/sessions", encoding)
	defer func() { _ = response.Body.Close() }()
	if got := response.Header.Get("Content-Encoding"); got != encoding {
		t.Errorf("encoding %q, want %q", got, encoding)
	}
	return readAll(t, response.Body)
}

func ask(t *testing.T, url, encoding string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if encoding == "" {
		encoding = "identity"
	}
	r.Header.Set("Accept-Encoding", encoding)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// scripted lets a test decide about each page of sessions after the first.
type scripted struct {
	Catalog
	page func(ctx context.Context) error
}

func (c scripted) Sessions(ctx context.Context, q stats.SessionQuery) ([]stats.Session, store.Total, error) {
	if q.After != nil {
		if err := c.page(ctx); err != nil {
			return nil, store.Total{}, err
		}
	}
	return c.Catalog.Sessions(ctx, q)
}

// An export that fails on the way looks broken to the client, compressed or not.
func TestExportBreaks(t *testing.T) {
	f := newFixture(t, func(_ *Config, d *Deps) {
		d.Catalog = scripted{d.Catalog, func(context.Context) error { return errors.New("disk is broken") }}
	})
	f.traffic(t, exportPage+1)
	server := httptest.NewServer(f.Handler())
	defer server.Close()
	for _, encoding := range []string{"", "gzip"} {
		response := ask(t, server.URL+"/api/export/sessions", encoding)
		n, err := io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if err == nil || n == 0 {
			t.Errorf("%q: %d bytes and no error", encoding, n)
		}
	}
	if len(f.exports) != 0 {
		t.Errorf("%d exports are still counted", len(f.exports))
	}
}

// More exports than are allowed are refused while the others are being written; those
// of clients that went away make room.
func TestExportsAreBounded(t *testing.T) {
	var waiting sync.WaitGroup
	waiting.Add(maxExports)
	f := newFixture(t, func(_ *Config, d *Deps) {
		d.Catalog = scripted{d.Catalog, func(ctx context.Context) error {
			waiting.Done()
			<-ctx.Done()
			return ctx.Err()
		}}
	})
	f.traffic(t, exportPage+1)
	server := httptest.NewServer(f.Handler())
	defer server.Close()
	var open []*http.Response
	var reading sync.WaitGroup
	defer reading.Wait()
	for range maxExports {
		response := ask(t, server.URL+"/api/export/sessions", "")
		open = append(open, response)
		reading.Go(func() { _, _ = io.Copy(io.Discard, response.Body) }) // until it is closed
	}
	waiting.Wait()
	w := f.get(t, "/api/export/events")
	if p := decode[wire.Problem](t, w, 503); p.Code != "too_many_exports" || w.Header().Get("Retry-After") == "" {
		t.Errorf("%+v", p)
	}
	for _, response := range open {
		_ = response.Body.Close()
	}
	deadline := time.Now().Add(10 * time.Second)
	for len(f.exports) > 0 {
		if time.Now().After(deadline) {
			t.Fatal("exports of clients that went away don't end")
		}
		time.Sleep(time.Millisecond)
	}
	if w := f.get(t, "/api/export/events"); w.Code != 200 {
		t.Errorf("after that: %d", w.Code)
	}
}

// An export outlives the bounds that the server sets for other answers.
func TestExportMayTakeLong(t *testing.T) {
	const bound = 200 * time.Millisecond
	f := newFixture(t, func(_ *Config, d *Deps) {
		d.Catalog = scripted{d.Catalog, func(ctx context.Context) error {
			select {
			case <-time.After(2 * bound):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
	})
	f.traffic(t, exportPage+1)
	server := httptest.NewUnstartedServer(f.Handler())
	server.Config.ReadTimeout, server.Config.WriteTimeout = bound, bound
	server.Start()
	defer server.Close()
	response := ask(t, server.URL+"/api/export/sessions", "")
	defer func() { _ = response.Body.Close() }()
	if n := strings.Count(readAll(t, response.Body), "\r\n"); n != exportPage+2 {
		t.Errorf("%d lines, want %d", n, exportPage+2)
	}
}

func TestExportForTheProgram(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 20)
	var out strings.Builder
	var total store.Total
	err := f.Export(t.Context(), "sessions", "format=jsonl&protocol=udp", &out, func(n store.Total) { total = n })
	if err != nil || total.Rows != 18 || strings.Count(out.String(), "\n") != 18 {
		t.Errorf("%v, %+v, %d lines", err, total, strings.Count(out.String(), "\n"))
	}
	for list, query := range map[string]string{"sessions": "format=xml", "events": "page=2", "passwords": ""} {
		if err := f.Export(t.Context(), list, query, &out, func(store.Total) {}); err == nil {
			t.Errorf("%s?%s is no error", list, query)
		}
	}
}
