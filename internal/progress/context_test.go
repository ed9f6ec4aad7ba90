package progress

import "testing"

func TestContext(t *testing.T) {
	if From(t.Context()) != nil {
		t.Error("a context has a report that nobody put there")
	}
	if p := Start(t.Context(), "work", 3); p != nil {
		t.Error("a phase that nobody wants to know of")
	}
	var first, second Tracker
	ctx := With(t.Context(), first.Report)
	Start(With(ctx, nil), "work", 0).Finish()
	Start(Or(ctx, second.Report), "more", 0).Finish()
	if s := first.Snapshot(); len(s) != 2 || s[0].Name != "work" || s[1].Name != "more" {
		t.Errorf("phases %v", s)
	}
	Start(With(ctx, second.Report), "other", 0).Finish()
	Start(Or(t.Context(), second.Report), "another", 0).Finish()
	if s := second.Snapshot(); len(s) != 2 || s[0].Name != "other" || s[1].Name != "another" {
		t.Errorf("phases %v", s)
	}
	if With(t.Context(), nil) != t.Context() || From(Or(t.Context(), nil)) != nil {
		t.Error("no report became one")
	}
}

func TestBoth(t *testing.T) {
	var first, second Tracker
	if Both(nil, nil) != nil {
		t.Error("of nobody and nobody comes somebody")
	}
	Both(first.Report, second.Report)("work", 0, 0)
	Both(first.Report, nil)("one", 0, 0)
	Both(nil, second.Report)("other", 0, 0)
	if a, b := first.Snapshot(), second.Snapshot(); len(a) != 2 || len(b) != 2 || a[1].Name != "one" || b[1].Name != "other" {
		t.Errorf("phases %v and %v", a, b)
	}
}
