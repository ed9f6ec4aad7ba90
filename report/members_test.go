package report_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"goheap/heap"
	"goheap/internal/testcore"
	"goheap/report"
)

func instances(t *testing.T, s *report.Snapshot, names ...string) *report.Table {
	t.Helper()
	types, err := s.Types(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []heap.TypeID
	for _, r := range types {
		if slices.Contains(names, r.Name) {
			ids = append(ids, r.IDs...)
		}
	}
	table, err := report.InstanceTable(t.Context(), s, ids)
	if err != nil || table.Len() == 0 {
		t.Fatalf("%d objects of %v, %v", table.Len(), names, err)
	}
	return table
}

// Expressions over fields keep as many objects as the program itself counts; what is wrong
// with one is said with its place and what there is.
func TestFiltersSeeFields(t *testing.T) {
	for _, kind := range []testcore.Kind{testcore.Kernel, testcore.HeapDump} {
		s, said := load(t, "members", kind)
		table := instances(t, s, "main.Item")
		asked := 0
		for _, line := range said {
			var c struct {
				Case, Filter string
				Count        int
			}
			if json.Unmarshal([]byte(line), &c) != nil || c.Case != "filter" {
				continue
			}
			asked++
			kept, err := s.Where(t.Context(), table, "= "+c.Filter)
			if err != nil || kept.Len() != c.Count {
				t.Errorf("%s, %s: %d objects, %v; the program has %d", kind, c.Filter, kept.Len(), err, c.Count)
			}
		}
		if asked < 30 {
			t.Errorf("the program says %d filters", asked)
		}
		// Of objects of several types those count that have such a field.
		both := instances(t, s, "main.Item", "main.Other")
		if kept, err := s.Where(t.Context(), both, `= Owner == "owner1"`); err != nil || kept.Len() != 125 {
			t.Errorf("of two types: %d objects, %v", kept.Len(), err)
		}
		for filter, want := range map[string]string{
			`= Nmae == "x"`:                     "at character 3: main.Item has no field Nmae; there are Name",
			`= name == "x" && Next.name == ""`:  "at character 23: Next: main.Item has no field name; there are Name",
			`= owner contains "1"`:              "main.Item has no field owner; there are Owner",
			`= retaind > 1KiB`:                  "main.Item has no field retaind",
			`= Name > 3`:                        "invalid operation",
			`= Items[0] == 1`:                   "filters do not look into lists and maps",
			`= ByName.x == 1`:                   "map[string]int is no struct",
			`= len(Next) > 1`:                   "len is of strings, slices, arrays, maps and channels",
			`= Name == nil`:                     "is never nil",
			`= Any.x == 1`:                      "is an interface",
			`= (Open ? Next == nil : false)`:    "nil is compared with one field",
			`= Run() == 1`:                      "at character",
			`= type.x == 1`:                     "at character",
			`= filter(Items, # > 1) == 1`:       "at character",
			`= Name matches "("`:                "at character",
			`= len(Name`:                        "at character",
			`= Name contains Nmae`:              "at character 17: main.Item has no field Nmae",
			`= value.nosuch > 1 || size > 1000`: "main.Item has no field nosuch",
		} {
			kept, err := s.Where(t.Context(), table, filter)
			var wrong *report.QueryError
			if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, %v; want %s", filter, kept, err, want)
			}
		}
		// Other lists have no fields of values.
		types, err := report.TypeTable(t.Context(), s, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Where(t.Context(), types, `= Name == "x"`); err == nil || !strings.Contains(err.Error(), "unknown name Name; there are") {
			t.Errorf("a list of types: %v", err)
		}
	}
}

// An array has no fields, and what a filter cannot see is said.
func TestFiltersOfArrays(t *testing.T) {
	s, _ := load(t, "members", testcore.Kernel)
	if _, err := s.Where(t.Context(), instances(t, s, "[]*main.Item"), "= len(Items) > 1"); err == nil || !strings.Contains(err.Error(), "single values") {
		t.Errorf("an array: %v", err)
	}
	// Of a map the length is known.
	maps := instances(t, s, "map[string]int")
	full, err := s.Where(t.Context(), maps, "= len(value) == 3")
	if none, wrong := s.Where(t.Context(), maps, "= len(value) == 0"); err != nil || wrong != nil || full.Len() != 125 || full.Len()+none.Len() >= maps.Len() {
		t.Errorf("%d maps with three entries, %v, %d with none, %v, of %d", full.Len(), err, none.Len(), wrong, maps.Len())
	}
	if _, err := s.Where(t.Context(), maps, "= value.x == 3"); err == nil || !strings.Contains(err.Error(), "not of map[string]int") {
		t.Errorf("a field of a map: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Where(ctx, instances(t, s, "main.Item"), `= Name contains "x"`); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
