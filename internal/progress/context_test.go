package progress

import "testing"

func TestContext(t *testing.T) {
	if From(t.Context()) != nil {
		t.Error("a context has a tracker that nobody put there")
	}
	tr := new(Tracker)
	From(With(t.Context(), tr)).Start("work", 0).Finish()
	if s := tr.Snapshot(); len(s) != 1 || s[0].Name != "work" {
		t.Errorf("phases %v", s)
	}
	if From(With(t.Context(), nil)) != nil {
		t.Error("no tracker became one")
	}
}
