package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/e2e/netns"
)

// monitor is the real binary, running.
type monitor struct {
	t      *testing.T
	cmd    *exec.Cmd
	base   string
	output *transcript
	exited chan error
}

// launch is how the binary is run.
type launch struct {
	dir   string
	args  []string
	env   []string // settings, such as NETFLOW_WEB_PASSWORD=…
	under []string // the command that runs it, such as setpriv with its flags
	stdin io.Reader
}

// command prepares the program to listen on a free loopback port, unless its
// arguments say otherwise.
func (l launch) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	line := slices.Concat(l.under, []string{binary(t)}, args, l.args)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir, cmd.Stdin = l.dir, l.stdin
	// The tests' own variables are none of the program's settings.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "NETFLOW_") })
	cmd.Env = append(cmd.Env, l.env...)
	return cmd
}

// startMonitor runs the binary in dir with its page on a free loopback port of its
// own and returns when it answers.
func startMonitor(t *testing.T, dir string, args ...string) *monitor {
	t.Helper()
	return launch{dir: dir, args: args}.start(t)
}

// start is startMonitor with everything that can be chosen.
func (l launch) start(t *testing.T) *monitor {
	t.Helper()
	m := &monitor{t: t, output: &transcript{opened: make(chan string, 1)}, exited: make(chan error, 1)}
	m.cmd = l.command(t, "--host", "127.0.0.1", "-p", "0")
	m.cmd.Stdout, m.cmd.Stderr = m.output, m.output
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { m.exited <- m.cmd.Wait() }()
	t.Cleanup(func() {
		_ = m.cmd.Process.Kill()
		if strings.Contains(m.output.String(), "\ngoroutine ") {
			t.Error("the monitor crashed")
		}
		if t.Failed() {
			t.Logf("output of the monitor:\n%s", m.output)
		}
	})
	select {
	case m.base = <-m.output.opened:
	case err := <-m.exited:
		t.Fatalf("the monitor ended at start: %v\n%s", err, m.output)
	case <-time.After(15 * time.Second):
		t.Fatalf("the monitor names no address\n%s", m.output)
	}
	return m
}

// stop ends the monitor as Ctrl-C does and requires a clean exit.
func (m *monitor) stop() {
	m.t.Helper()
	if err := m.cmd.Process.Signal(syscall.SIGINT); err != nil {
		m.t.Fatal(err)
	}
	select {
	case err := <-m.exited:
		if err != nil {
			m.t.Fatalf("the monitor did not stop cleanly: %v", err)
		}
	case <-time.After(15 * time.Second):
		m.t.Fatal("the monitor does not stop")
	}
}

// kill ends the monitor as a power failure would.
func (m *monitor) kill() {
	m.t.Helper()
	if err := m.cmd.Process.Kill(); err != nil {
		m.t.Fatal(err)
	}
	<-m.exited
}

// call sends a request and decodes the answer.
func call[T any](t *testing.T, method, url string) T {
	t.Helper()
	answer, err := try[T](t.Context(), method, url)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func try[T any](ctx context.Context, method, url string) (answer T, err error) {
	body, err := fetch(ctx, method, url)
	if err != nil {
		return answer, err
	}
	err = json.Unmarshal(body, &answer)
	return answer, err
}

func fetch(ctx context.Context, method, url string) (body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	if body, err = io.ReadAll(res.Body); err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, url, res.Status, body)
	}
	return body, err
}

func (m *monitor) status() wire.Status {
	m.t.Helper()
	return call[wire.Status](m.t, http.MethodGet, m.base+"api/status")
}

func (m *monitor) sessions(query string) wire.Page[wire.Session] {
	m.t.Helper()
	return call[wire.Page[wire.Session]](m.t, http.MethodGet, m.base+"api/sessions?per_page=1000&"+query)
}

func (m *monitor) events() []string {
	m.t.Helper()
	page := call[wire.Page[wire.Event]](m.t, http.MethodGet, m.base+"api/events?per_page=100")
	kinds := make([]string, 0, len(page.Items))
	for _, e := range page.Items {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// eventually asks until done says so; it fails with the last answer.
func eventually(t *testing.T, within time.Duration, what string, done func() (bool, any)) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		ok, last := done()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s\nlast seen: %+v", within, what, last)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// transcript keeps what the program prints and finds the address in it.
type transcript struct {
	opened chan string

	mu   sync.Mutex // guards text and told
	text strings.Builder
	told bool
}

func (o *transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	if o.told {
		return len(p), nil
	}
	scanner := bufio.NewScanner(strings.NewReader(o.text.String()))
	for scanner.Scan() {
		if _, rest, found := strings.Cut(scanner.Text(), "  Open "); found {
			address, _, _ := strings.Cut(rest, " ")
			o.opened <- address
			o.told = true
		}
	}
	return len(p), nil
}

func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

var build sync.Once

// binary is the program under test: what NETFLOW_BINARY names, else built once.
func binary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("NETFLOW_BINARY"); path != "" {
		return path
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "bin", "netflow-monitor")
	build.Do(func() {
		cmd := exec.Command("go", "build", "-o", path, "./cmd/netflow-monitor")
		cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, out)
		}
	})
	return path
}

// enter is netns.Enter with the program built before, where the modules can be had.
func enter(t *testing.T, more ...uintptr) bool {
	t.Helper()
	t.Setenv("NETFLOW_BINARY", binary(t))
	return netns.Enter(t, more...)
}
