package progress

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestNilIsSilent(t *testing.T) {
	var p *Phase
	p.Add(1)
	p.Finish()
}

// heard returns a context and the calls that its report gets.
func heard(t *testing.T) (context.Context, *[]string) {
	var calls []string
	return With(t.Context(), func(phase string, done, total int64) {
		calls = append(calls, fmt.Sprintf("%s %d/%d", phase, done, total))
	}), &calls
}

// The contract of With, call by call.
func TestReport(t *testing.T) {
	for _, test := range []struct {
		total int64
		add   []int64
		want  string
	}{
		{0, nil, "work 0/0, work 1/1"},
		{0, []int64{1, 2}, "work 0/0, work 3/3"},
		{0, []int64{every - 1, 1, 1}, "work 0/0, work 8192/0, work 8193/8193"},
		{3, []int64{1, 1, 1}, "work 0/3, work 1/3, work 2/3, work 3/3"},
		{3, []int64{5, 5}, "work 0/3, work 2/3, work 3/3"},
		{1, []int64{1}, "work 0/1, work 1/1"},
		{3, []int64{1}, "work 0/3, work 1/3, work 3/3"}, // one that was given up
		{3, []int64{0, -3, 1}, "work 0/3, work 3/3"},
		{-3, nil, "work 0/0, work 1/1"},
		{400, []int64{1, 1, 1, 1}, "work 0/400, work 2/400, work 4/400, work 400/400"},
	} {
		ctx, calls := heard(t)
		p := Start(ctx, "work", test.total)
		for _, n := range test.add {
			p.Add(n)
		}
		p.Finish()
		p.Finish()
		p.Add(1000)
		if got := strings.Join(*calls, ", "); got != test.want {
			t.Errorf("%d and %v: %s, want %s", test.total, test.add, got, test.want)
		}
	}
}

// However many goroutines add, the calls of a phase come one after the other, rise,
// and are few.
func TestReportsOfMany(t *testing.T) {
	var inside atomic.Int32
	var done []int64
	p := Start(With(t.Context(), func(_ string, d, total int64) {
		if inside.Add(1) != 1 {
			t.Error("two calls at once")
		}
		if d > total || len(done) > 0 && d <= done[len(done)-1] {
			t.Errorf("%d of %d after %v", d, total, done)
		}
		done = append(done, d)
		inside.Add(-1)
	}), "work", 80_000)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 10_000 {
				p.Add(1)
			}
		})
	}
	wait.Wait()
	p.Finish()
	if len(done) > calls+2 || done[0] != 0 || done[len(done)-1] != 80_000 || slices.Contains(done[:len(done)-1], 80_000) {
		t.Errorf("%d calls: %v", len(done), done)
	}
}

// What a report panics with reaches who works, and the phase can still be ended.
func TestReportPanics(t *testing.T) {
	p := Start(With(t.Context(), func(_ string, done, _ int64) {
		if done == 1 {
			panic("no")
		}
	}), "work", 3)
	func() {
		defer func() {
			if recover() != "no" {
				t.Error("the panic is lost")
			}
		}()
		p.Add(1)
	}()
	p.Finish()
}
