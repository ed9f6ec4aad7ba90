package report

import (
	"strings"
	"testing"

	"github.com/expr-lang/expr/vm"
)

// What is parsed is evaluated as expr-lang's machine evaluates the whole of it, or
// fails where that fails; errors are one line, and lead into what was written.
func FuzzQuery(f *testing.F) {
	for _, src := range []string{
		`retained > 1MiB && type contains "Session"`, `not (x < 2 or p >= 1.5) and s matches "^a"`, `s in ["a", 'b'] == true`,
		"x / 0 > 1", "x % y == 1", `s[1:2] == "b" || len(s) > 2`, "x ?: y > 1", "1..100 == [x]", "x * 2 KiB > 3h", `{"a": x}.a > 1`, "let z = x; z > 1",
		"x == y ? true : p > 1", "-x < +y", `s + u == "ab"`, "x ** 2 > 3", `"` + "日\x00" + `" == s`, "s startsWith u", "MiB > x", "5", "x > 1 | abs() ",
	} {
		f.Add(src)
	}
	numbers, texts := []int64{-1, 0, 1, 3, 1 << 40}, []string{"", "a", "ab", "日", "a\x00"}
	number := func(name string, kind Kind, shift int) field {
		return field{Field: Field{Name: name, Kind: kind}, num: func(row int) int64 { return numbers[(row+shift)%len(numbers)] }}
	}
	text := func(name string, shift int) field {
		return field{Field: Field{Name: name}, text: func(row int) string { return texts[(row+shift)%len(texts)] }}
	}
	fields := []field{number("x", Count, 0), number("y", Bytes, 1), number("retained", Bytes, 2), number("p", Percent, 3), text("s", 0), text("u", 2), text("type", 3)}
	f.Fuzz(func(t *testing.T, src string) {
		q, err := parseQuery(src, fields, nil)
		if err != nil {
			e, ok := err.(*QueryError)
			if !ok || e.Message == "" || strings.Contains(e.Message, "\n") {
				t.Fatalf("%q: %q", src, err)
			}
			if e.Column < 0 || e.Column > len([]rune(src))+1 {
				t.Fatalf("%q: the error is at character %d", src, e.Column)
			}
			return
		}
		for row := range len(numbers) {
			env := map[string]any{}
			for i := range fields {
				env[fields[i].Name] = fields[i].value(row)
			}
			machine := vm.VM{MemoryBudget: maxMemory}
			want, wrong := machine.Run(q.program, env)
			got, err := q.predicate().keep(row)
			if (err == nil) != (wrong == nil) || err == nil && got != want {
				t.Fatalf("%q, row %d: %v, %v; the machine says %v, %v", src, row, got, err, want, wrong)
			}
			if err != nil {
				return
			}
		}
	})
}
