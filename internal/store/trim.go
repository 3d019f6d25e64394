package store

import (
	"context"
	"errors"
	"time"
)

// trimInterval is how often roll-ups are brought to their bounds.
const trimInterval = time.Minute

func (w *Writer) trimRegularly(ctx context.Context) {
	ticker := time.NewTicker(trimInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		rows, err := w.store.Trim(ctx)
		switch {
		case errors.Is(err, context.Canceled):
		case err != nil:
			w.log.Warn("trim failed", "error", err)
		default:
			w.log.Debug("trimmed", "rows", rows)
		}
	}
}
