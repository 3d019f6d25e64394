package rows

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/api/wire"
)

// Every row is what the API sends of it, and CSV has the same in columns.
func TestRowsAreThoseOfTheAPI(t *testing.T) {
	t.Run("sessions", func(t *testing.T) { compareRows(t, Sessions) })
	t.Run("IPs", func(t *testing.T) { compareRows(t, IPs) })
	t.Run("events", func(t *testing.T) { compareRows(t, Events) })
	t.Run("history", func(t *testing.T) { compareRows(t, History) })
	t.Run("ranks", func(t *testing.T) { compareRows(t, Ranks) })
}

func compareRows[T any](t *testing.T, list func(io.Writer, Format) *Writer[T]) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	rows := make([]T, 300)
	for i := range rows {
		fill(random, reflect.ValueOf(&rows[i]).Elem())
	}
	var want bytes.Buffer
	for i := range rows {
		line, err := json.Marshal(rows[i])
		if err != nil {
			t.Fatal(err)
		}
		want.Write(append(line, '\n'))
	}
	lines := write(t, list, JSONLines, rows)
	if diff := cmp.Diff(want.String(), lines); diff != "" {
		t.Fatalf("lines (-encoding/json +rows):\n%.3000s", diff)
	}
	table, err := csv.NewReader(strings.NewReader(write(t, list, CSV, rows))).ReadAll()
	if err != nil || len(table) != len(rows)+1 {
		t.Fatalf("%d lines of CSV, %v", len(table), err)
	}
	names := columns(reflect.TypeFor[T](), "")
	if diff := cmp.Diff(names, table[0]); diff != "" {
		t.Fatalf("columns (-type +CSV):\n%s", diff)
	}
	for i := range rows {
		cells := make([]string, 0, len(names))
		cells = flatten(cells, reflect.ValueOf(rows[i]))
		for n, cell := range cells {
			// A reader of CSV gives line ends as \n.
			if got := table[i+1][n]; got != strings.ReplaceAll(cell, "\r\n", "\n") {
				t.Fatalf("row %d: %s is %q, want %q", i, names[n], got, cell)
			}
		}
	}
}

func write[T any](t *testing.T, list func(io.Writer, Format) *Writer[T], f Format, rows []T) string {
	t.Helper()
	var out bytes.Buffer
	w := list(&out, f)
	for i := range rows {
		if err := w.Write(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var texts = []string{
	"", "plain", "=1+1", "+1", "-1", "@cmd", "\tx", `say "x", <b>&`, "多行\r\n文本", "a,b", "back\\slash", "\x01\u2028", "eth0", "'quoted",
}

// fill sets every field, or leaves it zero.
func fill(random *rand.Rand, v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Unix(random.Int64N(2e9), random.Int64N(1e9)*random.Int64N(2)).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range v.Fields() {
			if random.IntN(4) > 0 || f.Kind() == reflect.Struct {
				fill(random, f)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(random, v.Elem())
	case reflect.Slice:
		v.Set(reflect.ValueOf([]string{"eth0", "wlan0"}[:random.IntN(3)]))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"interface": texts[random.IntN(len(texts))], "a": "<"}))
	case reflect.String:
		v.SetString(texts[random.IntN(len(texts))])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat([]float64{0, 1, 0.5, 1e-7, 2.5e-9, 3e21, 1 << 40, -33.5, random.Float64()}[random.IntN(9)])
	case reflect.Int, reflect.Int64:
		v.SetInt(random.Int64N(1 << 31))
	default:
		v.SetUint(random.Uint64() >> (64 - v.Type().Bits()))
	}
}

// columns are the names of a type's values, those within under the name of what they are in.
func columns(t reflect.Type, prefix string) (names []string) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		ft := f.Type
		if ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct && ft != reflect.TypeFor[time.Time]() {
			names = append(names, columns(ft, name+"_")...)
			continue
		}
		names = append(names, prefix+name)
	}
	return names
}

// flatten renders the values by their types, another way than the writer does.
func flatten(cells []string, v reflect.Value) []string {
	for i := range v.NumField() {
		f, omit := v.Field(i), strings.Contains(v.Type().Field(i).Tag.Get("json"), ",omitempty")
		if f.Kind() == reflect.Pointer {
			missing := f.IsNil()
			if missing {
				f = reflect.New(f.Type().Elem())
			}
			if f = f.Elem(); missing && f.Kind() != reflect.Struct {
				cells = append(cells, "")
				continue
			} else if missing {
				for range columns(f.Type(), "") {
					cells = append(cells, "")
				}
				continue
			}
			omit = false
		}
		if at, ok := reflect.TypeAssert[time.Time](f); ok {
			cells = append(cells, at.Format(time.RFC3339Nano))
			continue
		}
		switch {
		case f.Kind() == reflect.Struct:
			cells = flatten(cells, f)
		case omit && (f.IsZero() || f.Kind() == reflect.Slice && f.Len() == 0):
			cells = append(cells, "")
		case f.Kind() == reflect.Slice:
			names, _ := reflect.TypeAssert[[]string](f)
			cells = append(cells, strings.Join(names, " "))
		case f.Kind() == reflect.String:
			cells = append(cells, guard(f.String()))
		default:
			text, err := json.Marshal(f.Interface())
			if err != nil {
				panic(err)
			}
			cells = append(cells, string(text))
		}
	}
	return cells
}

func guard(text string) string {
	if text != "" && slices.Contains([]byte("=+-@\t\r"), text[0]) {
		return "'" + text
	}
	return text
}

func TestFormats(t *testing.T) {
	for _, name := range Formats() {
		if f, ok := ParseFormat(name); !ok || f.Extension() != name || f.ContentType() == "" {
			t.Errorf("%s: %v %v", name, f, ok)
		}
	}
	if _, ok := ParseFormat("xlsx"); ok {
		t.Error("a format that is none is known")
	}
}

type brokenPipe struct{ after int }

func (b *brokenPipe) Write(p []byte) (int, error) {
	if b.after--; b.after < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestWriteFails(t *testing.T) {
	w := IPs(&brokenPipe{after: 1}, JSONLines)
	for i := 0; ; i++ {
		if err := w.Write(&wire.IP{}); err != nil {
			if i < chunk/600 {
				t.Errorf("failed at row %d, before anything was passed on twice", i)
			}
			return
		}
		if i > 10*chunk {
			t.Fatal("a broken pipe is no error")
		}
	}
}

// BenchmarkSessions is the encoding of a typical session; the floor is 100 000 rows/s for
// all of an export.
func BenchmarkSessions(b *testing.B) {
	lat, rtt := 39.9, 12.345678
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.UTC)
	s := wire.Session{
		SessionID: "12345678901234567890", CommunityID: "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", SrcIP: "192.168.1.2", DstIP: "203.0.113.9",
		SrcPort: 50123, DstPort: 443, Protocol: "TCP", IPProtocol: 6, Interface: "eth0", StartTime: at, LastSeen: at.Add(time.Minute),
		Duration: 60.25, PacketsSent: 100, PacketsReceived: 200, BytesSent: 10_000, BytesReceived: 250_000, TotalBytes: 260_000,
		State: "established", EndReason: "idle timeout", Direction: "out", TCPFlagsSent: "SA", TCPFlagsReceived: "SA", RTTMs: &rtt,
		SrcLocation: wire.Location{Scope: "private"},
		DstLocation: wire.Location{Scope: "public", Country: "China", CountryCode: "CN", City: "Beijing", Latitude: &lat, Longitude: &lat, ISP: "Example Net", ASN: 64500},
	}
	for _, name := range Formats() {
		f, _ := ParseFormat(name)
		b.Run(name, func(b *testing.B) {
			w := Sessions(io.Discard, f)
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Write(&s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("encoding_json", func(b *testing.B) {
		for b.Loop() {
			if _, err := json.Marshal(&s); err != nil {
				b.Fatal(err)
			}
		}
	})
}
