package api

import (
	"context"
	"net/http"
	"sync"
	"time"

	"netflow-monitor/internal/api/wire"
)

// jobPatience is how long an answer waits for a job that may be over soon.
const jobPatience = 2 * time.Second

// jobs runs one job at a time and remembers the latest.
type jobs struct {
	ctx    context.Context //nolint:containedctx // jobs outlive the requests that began them
	cancel context.CancelFunc
	run    sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	latest *wire.DatabaseJob
	done   chan struct{} // of the latest; closed when it is over
}

func newJobs() *jobs {
	j := &jobs{}
	j.ctx, j.cancel = context.WithCancel(context.Background())
	return j
}

// begin starts a job in the background, unless one runs. do fills in what came of it, with
// update around each change.
func (j *jobs) begin(kind string, do func(ctx context.Context, update func(func(*wire.DatabaseJob))) error) (done <-chan struct{}, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.latest != nil && j.latest.FinishedAt == nil {
		return nil, &problem{
			status: http.StatusConflict, code: "busy",
			detail: "a " + j.latest.Kind + " of the database is running; try again when it is over, see /api/database",
		}
	}
	job := &wire.DatabaseJob{Kind: kind, State: "running", StartedAt: time.Now().UTC(), Faults: []string{}}
	over := make(chan struct{})
	j.latest, j.done = job, over
	update := func(change func(*wire.DatabaseJob)) {
		j.mu.Lock()
		defer j.mu.Unlock()
		change(job)
	}
	j.run.Go(func() {
		defer close(over)
		err := do(j.ctx, update)
		update(func(job *wire.DatabaseJob) {
			now := time.Now().UTC()
			job.FinishedAt, job.State, job.Progress = &now, "done", 1
			if err != nil {
				job.State, job.Error = "failed", err.Error()
			}
		})
	})
	return over, nil
}

// snapshot is a copy of the latest job; nil if there was none.
func (j *jobs) snapshot() *wire.DatabaseJob {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.latest == nil {
		return nil
	}
	job := *j.latest
	return &job
}

// stop ends the job that runs.
func (j *jobs) stop() {
	j.cancel()
	j.run.Wait()
}
