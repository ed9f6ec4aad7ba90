package notation

import "testing"

func TestClosureName(t *testing.T) {
	for typ, want := range map[string]string{
		"closure main.main.func1":                                 "func1",
		"closure main.main.func1.2":                               "func1.2",
		"closure main.(*T).run.func3":                             "func3",
		"closure main.outer.inner[...].func2":                     "func2",
		"closure example.com/a.b/func1.Do.func7":                  "func7",
		"closure main.returns[go.shape.func() int].func1.1":       "func1.1",
		"closure main.(*T).Sum-fm":                                "Sum",
		"closure main.(*box[go.shape.*uint8]).Get-fm":             "Get",
		"closure main.worker.gowrap1":                             "gowrap1",
		"closure main.each-range1":                                "each-range1",
		"closure main.function":                                   "function",
		"closure example.com/x.init.func2":                        "func2",
		"closure main.glob..func4":                                "func4",
		"closure main.(*duo[string,example.com/p.V]).each.func12": "func12",
	} {
		if got, ok := ClosureName(typ); !ok || got != want {
			t.Errorf("%s: %s, want %s", typ, got, want)
		}
	}
	if _, ok := ClosureName("main.closure"); ok {
		t.Error("a struct is taken for a closure")
	}
}
