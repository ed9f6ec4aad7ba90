package progress

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Its clock is the bubble's: that of a system may stand still for so short a time.
func TestTracker(t *testing.T) { synctest.Test(t, testTracker) }

func testTracker(t *testing.T) {
	tr := new(Tracker)
	if s := tr.Snapshot(); s != nil {
		t.Errorf("phases %v before there are any", s)
	}
	ctx := With(t.Context(), tr.Report)
	first := Start(ctx, "first", 100)
	second := Start(ctx, "second", 0)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 10 {
				first.Add(1)
				tr.Snapshot()
			}
		})
	}
	wg.Wait()
	time.Sleep(time.Second)
	first.Finish()
	before := tr.Snapshot()[0].Elapsed
	first.Finish()
	second.Add(every)
	s := tr.Snapshot()
	if len(s) != 2 || s[0].Name != "first" || s[0].Done != 100 || s[0].Total != 100 || !s[0].Finished {
		t.Errorf("first phase %+v", s)
	}
	if s[1].Name != "second" || s[1].Done != every || s[1].Total != 0 || s[1].Finished || s[1].Elapsed != time.Second {
		t.Errorf("second phase %+v", s[1])
	}
	if s[0].Elapsed != before || before != time.Second {
		t.Errorf("finishing twice moved the end from %v to %v", before, s[0].Elapsed)
	}
}

// A name may come again, also before its first phase has ended; what nobody began
// is nothing.
func TestTrackerNames(t *testing.T) {
	tr := new(Tracker)
	tr.Report("work", 7, 9)
	tr.Report("work", 9, 9)
	ctx := With(t.Context(), tr.Report)
	Start(ctx, "work", 0).Finish()
	one, two := Start(ctx, "work", 10), Start(ctx, "work", 20)
	two.Finish()
	one.Add(5)
	s := tr.Snapshot()
	if len(s) != 3 || !s[0].Finished || s[0].Done != 1 || s[1].Finished || s[1].Done != 5 || s[1].Total != 10 || !s[2].Finished || s[2].Total != 20 {
		t.Errorf("phases %+v", s)
	}
	one.Finish()
	if s := tr.Snapshot(); !s[1].Finished {
		t.Errorf("phases %+v", s)
	}
}
