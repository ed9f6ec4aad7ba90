package report

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"math/rand"
	"slices"
	"testing"

	"goheap/heap"
)

// grid is a table whose cells come from one function.
func grid(columns []Column, rows int, cell func(row, col int) Cell, node func(row int) heap.Node) *Table {
	for col := range columns {
		columns[col].Cell = func(row int) Cell { return cell(row, col) }
	}
	return NewTable(rows, node, columns...)
}

// numbers is a table of one Count column over values; ^0 is unknown.
func numbers(values []uint64) *Table {
	return grid([]Column{{Name: "n", Title: "N", Kind: Count, Right: true}}, len(values), func(row, col int) Cell {
		return Cell{Num: values[row], Unknown: values[row] == ^uint64(0)}
	}, func(row int) heap.Node { return heap.Node(row + 1000) })
}

func rowsOf(t *Table) []int {
	rows := make([]int, t.Len())
	for i := range rows {
		rows[i] = t.Row(i)
	}
	return rows
}

func TestSortedAgreesWithStableSort(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for _, n := range []int{0, 1, 2, 100, pace, pace + 1, 3*pace + 7, 4 * pace} {
		values := make([]uint64, n)
		for i := range values {
			values[i] = uint64(random.Intn(50))
			if values[i] == 7 {
				values[i] = ^uint64(0)
			}
		}
		for _, descending := range []bool{false, true} {
			got, err := numbers(values).Sorted(t.Context(), 0, descending)
			if err != nil {
				t.Fatal(err)
			}
			want := make([]int, n)
			for i := range want {
				want[i] = i
			}
			slices.SortStableFunc(want, func(a, b int) int {
				x, y := values[a], values[b]
				switch {
				case x == y:
					return 0
				case x == ^uint64(0):
					return 1
				case y == ^uint64(0):
					return -1
				case x < y == descending:
					return 1
				}
				return -1
			})
			if !slices.Equal(rowsOf(got), want) {
				t.Fatalf("%d rows, descending %v: wrong order", n, descending)
			}
			if n > 0 && got.Node(0) != heap.Node(want[0]+1000) {
				t.Errorf("node of the first row is %d", got.Node(0))
			}
		}
	}
}

// Columns of any numbers and of text agree with a comparing sort, also when the
// table was sorted before.
func TestSortedByAnyColumn(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	cells := make([][2]Cell, 3000)
	for i := range cells {
		n := random.Uint64() >> random.Intn(64)
		cells[i][0] = Cell{Num: n, Unknown: n%5 == 0}
		cells[i][1] = Cell{Num: n % 3, Text: []string{"", "a", "b", "ab", "\xff"}[random.Intn(5)], Unknown: n%7 == 0}
	}
	table := grid([]Column{{Name: "n", Kind: Bytes}, {Name: "t"}}, len(cells), func(row, col int) Cell { return cells[row][col] }, nil)
	for range 6 {
		col, descending := random.Intn(2), random.Intn(2) == 0
		want := make([]int, len(cells))
		for i := range want {
			want[i] = i
		}
		slices.SortStableFunc(want, func(a, b int) int {
			x, y := cells[a][col], cells[b][col]
			if x.Unknown || y.Unknown {
				return map[bool]int{true: 1}[x.Unknown] - map[bool]int{true: 1}[y.Unknown]
			}
			order := cmp.Or(cmp.Compare(x.Num, y.Num), cmp.Compare(x.Text, y.Text))
			if descending {
				order = -order
			}
			return order
		})
		var err error
		if table, err = table.Sorted(t.Context(), col, descending); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(rowsOf(table), want) {
			t.Fatalf("column %d, descending %v: wrong order", col, descending)
		}
	}
}

func TestFilteredAndHead(t *testing.T) {
	table := numbers([]uint64{5, 1, 4, 1, 3})
	sorted, err := table.Sorted(t.Context(), 0, true)
	if err != nil {
		t.Fatal(err)
	}
	odd, err := sorted.Filtered(t.Context(), func(i int) bool { return sorted.Cell(i, 0).Num%2 == 1 })
	if err != nil {
		t.Fatal(err)
	}
	if got := rowsOf(odd); !slices.Equal(got, []int{0, 4, 1, 3}) {
		t.Errorf("filtered rows %v", got)
	}
	two := odd.Head(2)
	if got := rowsOf(two); !slices.Equal(got, []int{0, 4}) || two.Total() != 4 {
		t.Errorf("head rows %v of %d", got, two.Total())
	}
	if none, _ := table.Filtered(t.Context(), func(int) bool { return false }); none.Len() != 0 {
		t.Errorf("%d rows pass a filter that keeps none", none.Len())
	}
	if table.Head(-1) != table || table.Head(99) != table {
		t.Error("Head cuts where there is nothing to cut")
	}
}

func TestTableIsVirtual(t *testing.T) {
	made := 0
	big := grid([]Column{{Name: "n", Title: "N", Kind: Count}}, 20_000_000, func(row, _ int) Cell {
		made++
		return Cell{Num: uint64(row)}
	}, nil)
	if err := WriteText(new(bytes.Buffer), big.Head(20)); err != nil {
		t.Fatal(err)
	}
	if made != 20 {
		t.Errorf("20 rows took %d cells", made)
	}
	if big.Node(3) != heap.None {
		t.Error("a row that stands for no node has one")
	}
}

func TestTableCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	table := numbers(make([]uint64, 3*pace))
	if _, err := table.Sorted(ctx, 0, false); err == nil {
		t.Error("Sorted ignores its context")
	}
	if _, err := table.Filtered(ctx, func(int) bool { return true }); err == nil {
		t.Error("Filtered ignores its context")
	}
}

func mixed() *Table {
	columns := []Column{
		{Name: "name", Title: "Name"},
		{Name: "bytes", Title: "Bytes", Kind: Bytes, Right: true, AtLeast: true},
		{Name: "share", Title: "Share", Kind: Percent, Right: true},
		{Name: "addr", Title: "Address", Kind: Addr},
		{Name: "count", Title: "Count", Kind: Count, Right: true},
	}
	cells := [][]Cell{
		{{Text: "plain, \"quoted\""}, {Num: 1536}, {Num: 500_000}, {Num: 0xc000}, {Num: 1_234_567}},
		{{Text: hostile}, {Num: 0}, {Num: 1}, {Unknown: true}, {Num: 1}},
		{{Text: "日本"}, {Num: 85 << 20}, {Num: 1_000_000}, {Num: 1}, {Unknown: true}},
	}
	return grid(columns, len(cells), func(row, col int) Cell { return cells[row][col] }, nil)
}

func TestWriteText(t *testing.T) {
	var b bytes.Buffer
	if err := WriteText(&b, mixed().Head(2)); err != nil {
		t.Fatal(err)
	}
	const want = `Name                               Bytes   Share  Address      Count
plain, "quoted"               ≥ 1.50 KiB  50.0 %  0xc000   1,234,567
evil\x1b[31m\x00\u202e\xff\n       ≥ 0 B  <0.1 %  -                1
… 1 more
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestWriteCSV(t *testing.T) {
	var b bytes.Buffer
	if err := WriteCSV(&b, mixed()); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"name", "bytes", "share", "addr", "count"},
		{`plain, "quoted"`, "1536", "50.0000", "0xc000", "1234567"},
		{`evil\x1b[31m\x00\u202e\xff\n`, "0", "0.0001", "", "1"},
		{"日本", "89128960", "100.0000", "0x1", ""},
	}
	for i := range want {
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("record %d is %q, want %q", i, got[i], want[i])
		}
	}
}

// No text of a program is a formula to a spreadsheet, be its lists separated by
// commas or semicolons; numbers and all else are as they are, and JSON has no quotes.
func TestNoFormulas(t *testing.T) {
	texts := map[string]string{
		`=cmd|'/C calc'!A0`: `'=cmd|'/C calc'!A0`, "+1+1": "'+1+1", "-2+3": "'-2+3", "@SUM(1)": "'@SUM(1)", "=": "'=", "-": "'-",
		"\t=1": `\t=1`, "\r=1": `\r=1`, // which are printed with a backslash
		"＝1+1": "'＝1+1", "＠x": "'＠x", " =1": "' =1", `"=1`: `'"=1`,
		"x;=1+1": "x;'=1+1", "a; @b;c": "a;' @b;c", ";-1;": ";'-1;",
		"-12": "-12", "+1.5": "+1.5", "-1e9": "-1e9", "-0x10": "'-0x10", "-Inf": "'-Inf", "-1_0": "'-1_0",
		"a=b": "a=b", "*main.T": "*main.T", "main.srv.byID[\"-1\"]": "main.srv.byID[\"-1\"]", "[]int; x": "[]int; x", "a-b;c": "a-b;c", "": "",
	}
	for text, want := range texts {
		table := NewTable(1, nil,
			Column{Name: "text", Cell: func(int) Cell { return Cell{Text: text} }},
			Column{Name: "number", Kind: Count, Cell: func(int) Cell { return Cell{Num: 7} }})
		var b bytes.Buffer
		if err := WriteCSV(&b, table); err != nil {
			t.Fatal(err)
		}
		got, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(got) != 2 || got[1][0] != want || got[1][1] != "7" {
			t.Errorf("%q became %q, %v, want %q", text, got, err, want)
		}
		b.Reset()
		if err := WriteRows(&b, table); err != nil {
			t.Fatal(err)
		}
		var rows []map[string]any
		if err := json.Unmarshal(b.Bytes(), &rows); err != nil || rows[0]["text"] != Printable(text) {
			t.Errorf("%q became %v in JSON, %v", text, rows, err)
		}
	}
}

func TestHuman(t *testing.T) {
	for _, test := range []struct {
		kind Kind
		num  uint64
		want string
	}{
		{Bytes, 0, "0 B"}, {Bytes, 1023, "1023 B"}, {Bytes, 1024, "1.00 KiB"}, {Bytes, 89464832, "85.3 MiB"},
		{Bytes, ^uint64(0), "16.0 EiB"}, {Count, 50000, "50,000"}, {Count, ^uint64(0), "18446744073709551615"},
		{Percent, 917_499, "91.7 %"}, {Percent, 0, "0 %"}, {Percent, 499, "<0.1 %"}, {Percent, 500, "0.1 %"}, {Addr, 0xc0, "0xc0"},
	} {
		if got := (Column{Kind: test.kind}).Human(Cell{Num: test.num}); got != test.want {
			t.Errorf("kind %d, %d: got %q, want %q", test.kind, test.num, got, test.want)
		}
	}
	for nanos, want := range map[int64]string{-1: "-", 0: "<1s", 59e9: "59s", 90e9: "1m30s", 3*3600e9 + 12*60e9: "3h12m", 50 * 3600e9: "2d02h"} {
		if got := (Column{}).Human(waitCell(nanos)); got != want {
			t.Errorf("wait of %d ns: got %q, want %q", nanos, got, want)
		}
	}
	for _, test := range []struct{ part, whole, want uint64 }{{0, 0, 0}, {5, 0, 0}, {0, 10, 0}, {1, 1 << 40, 1}, {1, 3, 333_333}, {3, 3, 1_000_000}} {
		if got := share(test.part, test.whole); got != test.want {
			t.Errorf("%d of %d: %d millionths, want %d", test.part, test.whole, got, test.want)
		}
	}
}

func TestCompact(t *testing.T) {
	ids := []heap.TypeID{0, 7, 1 << 31, 7, 0, 1<<31 + 5000, 1 << 31, ^heap.TypeID(0), 7}
	dense, original := compact(ids)
	if want := []heap.TypeID{0, 1, 2, 1, 0, 3, 2, 4, 1}; !slices.Equal(dense, want) {
		t.Errorf("dense: %v, want %v", dense, want)
	}
	for n, id := range dense {
		if original[id] != ids[n] {
			t.Errorf("node %d: %d became %d", n, ids[n], original[id])
		}
	}
}
