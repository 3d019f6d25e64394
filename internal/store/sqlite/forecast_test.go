package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"netflow-monitor/internal/store"
)

// Who looks ahead may wait until the file has changed; the change must not wait for them.
func TestFileChangesDuringForecast(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netflow.db")
	s := reopen(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s.forecasting.Lock()
	defer s.forecasting.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- s.Write(ctx, store.Batch{Run: "run", Sequence: 1, Events: []store.Event{{ID: 1, Time: 1}}})
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-ctx.Done():
		t.Error("the write waits for the forecast")
	}
}
