package progress

import (
	"sync"
	"testing"
)

func TestNilIsSilent(t *testing.T) {
	var tr *Tracker
	p := tr.Start("work", 3)
	p.Add(1)
	p.Finish()
	if s := tr.Snapshot(); s != nil {
		t.Errorf("a nil tracker has phases %v", s)
	}
}

func TestPhases(t *testing.T) {
	tr := new(Tracker)
	first := tr.Start("first", 100)
	second := tr.Start("second", 0)
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
	first.Finish()
	before := tr.Snapshot()[0].Elapsed
	first.Finish()
	second.Add(5)
	s := tr.Snapshot()
	if len(s) != 2 || s[0].Name != "first" || s[0].Done != 100 || s[0].Total != 100 || !s[0].Finished {
		t.Errorf("first phase %+v", s)
	}
	if s[1].Name != "second" || s[1].Done != 5 || s[1].Total != 0 || s[1].Finished || s[1].Elapsed <= 0 {
		t.Errorf("second phase %+v", s[1])
	}
	if s[0].Elapsed != before {
		t.Error("finishing twice moved the end")
	}
}
