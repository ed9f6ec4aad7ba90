package report

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/expr-lang/expr"

	"goheap/heap"
)

func (s *Snapshot) where(t *testing.T, table *Table, filter string) []string {
	t.Helper()
	kept, err := s.Where(t.Context(), table, filter)
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	var names []string
	for i := range kept.Len() {
		names = append(names, kept.Cell(i, kept.Column("type")).Text)
	}
	return names
}

func TestWhere(t *testing.T) {
	s := analyse(t, blockstore())
	types, err := TypeTable(t.Context(), s, false)
	if err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[string]string{
		`= retained > 40KiB && type contains "Block"`:       "main.Block",
		`= retained > 1 KiB and not (type matches "^\\[")`:  "main.Block main.memStorage",
		`= type in ["main.Block", "[]uint8"]`:               "[]uint8 main.Block",
		`= count == 10 || size == 64 and package != "main"`: "main.Block " + hostile,
		`= share >= 90.5`:                                    "[]uint8 main.Block",
		`= lower(type) startsWith "main.m"`:                  "main.memStorage",
		`= shallow * 2 < 300 && retained / objects > 1000.0`: "main.memStorage",
		`= len(type) < 8`:                                    "[]uint8",
		`= retained_bytes_min > 1.5*MiB`:                     "",
		`= `:                                                 "[]uint8 main.Block main.memStorage []*main.Block " + hostile,
		"":                                                   "[]uint8 main.Block main.memStorage []*main.Block " + hostile,
		"BLOCK":                                              "main.Block []*main.Block",
		"/^main\\./":                                         "main.Block main.memStorage",
		"/^main\\.B":                                         "main.Block",
		`= type == "` + strings.Repeat("x", 100) + `" or count==13`: "[]uint8",
	} {
		if got := strings.Join(s.where(t, types, filter), " "); got != want {
			t.Errorf("%s keeps %q, want %q", filter, got, want)
		}
	}
	goroutines, err := GoroutineTable(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[string]int{
		`= wait > 1m && state == "chan receive"`: 3, `= wait > 2m`: 0, `= goroutine >= 18`: 2, `= stack < 2KiB`: 0, `= wait == -1`: 0,
		`= kind == "goroutine" && name contains "worker"`: 3, "main.go:9": 3,
	} {
		if kept, err := s.Where(t.Context(), goroutines, filter); err != nil || kept.Len() != want {
			t.Errorf("%s keeps %d goroutines, %v; want %d", filter, kept.Len(), err, want)
		}
	}
	roots, err := RootTable(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[string]int{`= package == "main"`: 4, `= package == ""`: 3, `= kind == "global" && address >= 0x500008`: 3} {
		if kept, err := s.Where(t.Context(), roots, filter); err != nil || kept.Len() != want {
			t.Errorf("%s keeps %d roots, %v; want %d", filter, kept.Len(), err, want)
		}
	}
	// A row that stands for nothing.
	none := grid([]Column{{Name: "note"}}, 2, func(row, _ int) Cell { return Cell{Text: "x"} },
		func(row int) heap.Node { return []heap.Node{heap.None, 1}[row] })
	for _, f := range Fields(s, none) {
		filter := "= " + f.Name + " == -1"
		if f.Kind == Text {
			filter = "= " + f.Name + ` == ""`
		}
		kept, err := s.Where(t.Context(), none, filter)
		if err != nil || f.Name != "note" && (kept.Len() == 0 || kept.Row(0) != 0) {
			t.Errorf("%s: %v", filter, err)
		}
	}
	// Places of a sorted table.
	sorted, err := types.Sorted(t.Context(), types.Column("type"), false)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.where(t, sorted, "block"), []string{"[]*main.Block", "main.Block"}; !slices.Equal(got, want) {
		t.Errorf("sorted and filtered: %q, want %q", got, want)
	}
}

func TestQuery(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	for filter, want := range map[string]int{
		"": 26, "block": 11, "/Block$/": 11, `= type == "main.Block"`: 10, `= retained > 4KiB && shallow == 128`: 10,
		`= address == 0xc000100000`: 1, `= evidence == "header" and kind == "object"`: 26, `= type == "main.Old"`: 0,
		`= retained > shallow`: 12, `= package == "main" && count < 2`: 11, `= size > 1TiB`: 0,
	} {
		got, err := s.Query(t.Context(), filter)
		if err != nil || got.Len() != want {
			t.Errorf("%s finds %d objects, %v; want %d", filter, got.Len(), err, want)
			continue
		}
		for i := range got.Len() {
			n := got.Node(i)
			if !s.Dominators.Live(n) || i > 0 && s.Dominators.Retained(n) > s.Dominators.Retained(got.Node(i-1)) {
				t.Errorf("%s: row %d is not live or not in order", filter, i)
			}
		}
	}
	if fields := ObjectFields(s); slices.ContainsFunc(fields, func(f Field) bool { return f.Doc == "" }) {
		t.Errorf("fields without a description: %+v", fields)
	}
}

func TestQueryErrors(t *testing.T) {
	s := analyse(t, blockstore())
	types, err := TypeTable(t.Context(), s, false)
	if err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[string]string{
		`= retaind > 1`:                 "at character 3: unknown name retaind; there are retained_bytes_min, share, shallow_bytes, objects, type, package, retained, shallow, size, count",
		`= 1MiB + 2KiB < 3 && reta > 1`: "at character 22: unknown name reta; ",
		`= type > 1`:                    "at character 8: invalid operation: > (mismatched types string and int)",
		`= retained`:                    "expected bool, but got int",
		`= type contains "x`:            "at character 19: literal not terminated",
		`= retained > 5Frogs`:           "at character ",
		`= all(1..1000, # > 0)`:         "cannot go through lists",
		`= let z = size; z > 1`:         "has no variables",
		`= $env.size > 1`:               "has no variables",
		`= type matches "("`:            "error parsing regexp",
		"/(/":                           "error parsing regexp",
		"= " + strings.Repeat("1+", 300) + "1 > 2": "maximum allowed nodes",
		"= " + strings.Repeat("1 == 1 or ", 200):   "longer than 1000 characters",
		strings.Repeat("x", 1001):                  "longer than 1000 characters",
	} {
		_, err := s.Where(t.Context(), types, filter)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", filter, err, want)
			continue
		}
		if strings.ContainsAny(err.Error(), "\n") {
			t.Errorf("%s: the error has several lines: %q", filter, err)
		}
	}
	// What goes wrong with a row is an error as well.
	if _, err := s.Where(t.Context(), types, `= 1..5000 == [1] || len(type) > 3`); err == nil {
		t.Error("an expression may use any memory")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Query(ctx, "= size > 1"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestUnits(t *testing.T) {
	for src, want := range map[string]string{
		"1KiB": "1024", "1.5 MiB": "1572864", "2_000kB": "2000000", "KiB*2": "1024*2", "a.MiB": "a.MiB", "1.5": "1.5",
		`"1KiB" + '2KiB' + "\"3KiB"`: `"1KiB" + '2KiB' + "\"3KiB"`, "0x10": "0x10", "1e3": "1e3", "5m": "300000000000", "m > 2h": "m > 7200000000000",
		"x1KiB": "x1KiB", "1 in [2]": "1 in [2]", "1..3": "1..3", "1KiBx": "1KiBx", "0.1B": "0.1", "日本 > 1KiB": "日本 > 1024", "'open": "'open",
	} {
		got := withoutUnits(src)
		if got.text != want {
			t.Errorf("%s becomes %s, want %s", src, got.text, want)
		}
		// What was left as it is is found where it was.
		for i, r := range []rune(got.text) {
			in := []rune(src)
			at := got.original(i)
			if at < 0 || at >= len(in) {
				t.Fatalf("%s: character %d came from %d", src, i, at)
			}
			if !isDigit(r) && in[at] != r && r != '.' {
				t.Errorf("%s: %q came from %q", src, r, in[at])
			}
		}
	}
}

// randomCondition writes an expression over the fields x, y (numbers), p (a
// percentage), s and u (texts).
func randomCondition(r *rand.Rand, depth int) string {
	number := func() string {
		n := []string{"x", "y", "p", "x + y", "x * 2 - y", "p / 2", "x / 3", "1.5*KiB", "3", "-2", "x + 0.5", "y % 3", "len(s)", "-x", "(x - p)"}
		return n[r.IntN(len(n))]
	}
	text := func() string {
		return []string{"s", "u", `"ab"`, "lower(s)", "s + u", `trim(u)`}[r.IntN(6)]
	}
	if depth > 0 {
		a, b := randomCondition(r, depth-1), randomCondition(r, depth-1)
		switch r.IntN(5) {
		case 0:
			return "(" + a + ") && (" + b + ")"
		case 1:
			return a + " or " + b
		case 2:
			return "!(" + a + ")"
		case 3:
			return "not (" + a + ") and " + b
		}
	}
	switch r.IntN(6) {
	case 0, 1, 2:
		ops := []string{"<", "<=", ">", ">=", "==", "!="}
		return number() + " " + ops[r.IntN(len(ops))] + " " + number()
	case 3:
		ops := []string{"contains", "startsWith", "endsWith", "=="}
		return text() + " " + ops[r.IntN(len(ops))] + " " + text()
	case 4:
		return text() + ` matches "^[a-m]+$"`
	}
	return text() + ` in ["a", "ab", "b"]`
}

// What is compiled says what expr-lang itself does.
func TestQueryAgreesWithExprLang(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const rows = 40
	var x, y, p [rows]int64
	var s, u [rows]string
	texts := []string{"", "a", "ab", "AB", "b", " a", "zz"}
	for i := range rows {
		x[i], y[i], p[i] = r.Int64N(6)-1, r.Int64N(4000), r.Int64N(5)*5000
		s[i], u[i] = texts[r.IntN(len(texts))], texts[r.IntN(len(texts))]
	}
	number := func(name string, kind Kind, v *[rows]int64) field {
		return field{Field: Field{Name: name, Kind: kind}, num: func(row int) int64 { return v[row] }}
	}
	text := func(name string, v *[rows]string) field {
		return field{Field: Field{Name: name}, text: func(row int) string { return v[row] }}
	}
	fields := []field{number("x", Count, &x), number("y", Bytes, &y), number("p", Percent, &p), text("s", &s), text("u", &u)}
	held := 0
	for range 1000 {
		src := randomCondition(r, r.IntN(4))
		q, err := parseQuery(src, fields, nil)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		predicate := q.predicate()
		reference, err := expr.Compile(strings.ReplaceAll(src, "1.5*KiB", "1.5*1024"), expr.Env(map[string]any{"x": 0, "y": 0, "p": 0.0, "s": "", "u": ""}))
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		for row := range rows {
			env := map[string]any{"x": int(x[row]), "y": int(y[row]), "p": float64(p[row]) / 1e4, "s": s[row], "u": u[row]}
			want, err := expr.Run(reference, env)
			if err != nil {
				t.Fatalf("%s: %v", src, err)
			}
			got, err := predicate.keep(row)
			if err != nil || got != want {
				t.Fatalf("%s with %v: %v, %v; want %v", src, env, got, err, want)
			}
			if got {
				held++
			}
		}
	}
	if held < 1000 {
		t.Errorf("only %d expressions hold: they say little", held)
	}
}

// A text is looked at once, however many rows have it, and numbers never go
// through the machine.
func TestQueryRemembers(t *testing.T) {
	const rows = 100_000
	table := grid([]Column{{Name: "type"}, {Name: "n", Kind: Bytes}}, rows, func(row, col int) Cell {
		return Cell{Text: fmt.Sprint("main.T", row/7%5), Num: uint64(row)}
	}, nil)
	s := analyse(t, blockstore())
	fields := tableFields(s, table)
	q, err := parseQuery(`type matches "T[12]$" && n >= 50KiB || n < 10`, fields, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := q.predicate()
	kept := 0
	for row := range rows {
		ok, err := p.keep(row)
		if err != nil {
			t.Fatal(err)
		}
		want := row/7%5 >= 1 && row/7%5 <= 2 && row >= 50<<10 || row < 10
		if ok != want {
			t.Fatalf("row %d: %v", row, ok)
		}
		if ok {
			kept++
		}
	}
	// Two rows of different types: neither is asked for again.
	if allocations := testing.AllocsPerRun(100, func() { p.test(60_000); p.test(60_007) }); kept == 0 || allocations > 4 {
		t.Errorf("%d rows kept, %.0f allocations for two", kept, allocations)
	}
	rowsKept, err := pick(t.Context(), rows, func() test { return q.predicate().keep })
	if err != nil || len(rowsKept) != kept || !slices.IsSorted(rowsKept) {
		t.Errorf("%d rows, %v; want %d in order", len(rowsKept), err, kept)
	}
}

// The first row that cannot be evaluated decides the error, and a panic of a
// worker becomes one of the caller.
func TestPickFails(t *testing.T) {
	const n = 40 * pace
	for range 20 {
		_, err := pick(t.Context(), n, func() test {
			return func(i int) (bool, error) {
				if i%(7*pace) == 6*pace {
					return false, fmt.Errorf("row %d", i)
				}
				return true, nil
			}
		})
		if want := fmt.Sprintf("row %d", 6*pace); err == nil || err.Error() != want {
			t.Fatalf("error %v, want %s", err, want)
		}
	}
	defer func() {
		if p, ok := recover().(*Panic); !ok || p.Value != "bug" || len(p.Stack) == 0 {
			t.Errorf("panic %v", p)
		}
	}()
	pick(t.Context(), n, func() test { return func(int) (bool, error) { panic("bug") } })
}
