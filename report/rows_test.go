package report

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestWriteRows(t *testing.T) {
	columns := []Column{{Name: "n", Kind: Bytes}, {Name: "share", Kind: Percent}, {Name: "at", Kind: Addr}, {Name: "text"}}
	cells := [][]Cell{
		{{Num: 1 << 40}, {Num: 12345}, {Num: 0xc000}, {Text: "a \"b\"\x1b[31m<"}},
		{{Unknown: true}, {Unknown: true}, {Unknown: true}, {Unknown: true}},
	}
	for n := range 3 {
		var b strings.Builder
		if err := WriteRows(&b, grid(columns, n, func(row, col int) Cell { return cells[row][col] }, nil)); err != nil {
			t.Fatal(err)
		}
		var rows []map[string]any
		if err := json.Unmarshal([]byte(b.String()), &rows); err != nil || len(rows) != n {
			t.Fatalf("%d rows: %v in %s", n, err, b.String())
		}
		if n > 0 && (rows[0]["n"] != float64(1<<40) || rows[0]["share"] != 1.2345 || rows[0]["at"] != "0xc000" || rows[0]["text"] != `a "b"\x1b[31m<`) {
			t.Errorf("%v", rows[0])
		}
		for name, value := range rows[max(n-1, 0):] {
			if n == 2 && value["n"] != nil {
				t.Errorf("%v: %v is known", name, value)
			}
		}
	}
}
