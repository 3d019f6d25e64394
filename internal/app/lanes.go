package app

import (
	"os"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// lanes are threads for the goroutines that packets wait for. Where processors are short,
// all other threads of the program let them pass: storing and drawing can wait, a ring
// that is full can't. A process may make its threads nicer and not the reverse, so the
// lanes live as long as the program.
type lanes struct {
	jobs []chan func()
	tids []int
}

// niceness of all other threads: a third of the weight.
const niceness = 5

// newLanes makes n threads.
func newLanes(n int) *lanes {
	// The scheduler of goroutines knows no priorities: with a place for each that may be
	// busy, the kernel's decides.
	const busy = 3 // the statistics, the store, the page
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + n + busy)
	l := &lanes{jobs: make([]chan func(), n), tids: make([]int, n)}
	var started sync.WaitGroup
	for i := range n {
		l.jobs[i] = make(chan func())
		started.Add(1)
		go func() {
			runtime.LockOSThread()
			l.tids[i] = unix.Gettid()
			started.Done()
			for job := range l.jobs[i] {
				job()
			}
		}()
	}
	started.Wait()
	l.letPass()
	return l
}

// run does something in a lane, which nothing else may be in.
func (l *lanes) run(lane int, job func()) {
	done := make(chan struct{})
	l.jobs[lane] <- func() {
		defer close(done)
		job()
	}
	<-done
}

// letPass makes all threads but the lanes nicer; new ones come from these. Where that
// fails, all are equal, as without it.
func (l *lanes) letPass() {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(task.Name())
		if err != nil {
			continue
		}
		lane := false
		for _, own := range l.tids {
			lane = lane || own == tid
		}
		if !lane {
			_ = unix.Setpriority(unix.PRIO_PROCESS, tid, niceness)
		}
	}
}
