package notation

import (
	"errors"
	"go/constant"
	"go/token"
	"math"
	"strings"
	"testing"
)

// The values are those that the compiler has for the same text.
func TestCalculate(t *testing.T) {
	const (
		green  = 1
		second = 1000000000
	)
	names := map[string]Number{
		"Green":       {constant.MakeInt64(green), "main.Color"},
		"main.Green":  {constant.MakeInt64(green), "main.Color"},
		"time.Second": {constant.MakeInt64(second), "time.Duration"},
		"len(x)":      {constant.MakeInt64(3), ""},
		"x.y[2].z":    {constant.MakeInt64(7), ""},
		"*p":          {constant.MakeInt64(8), ""},
	}
	const a = `"example.com/a-b".N`
	names[a] = Number{constant.MakeInt64(12), ""}
	operand := func(text string) (Number, error) {
		if n, ok := names[text]; ok {
			return n, nil
		}
		return Number{}, errors.New("unknown " + text)
	}
	for text, want := range map[string]struct {
		value any // an int64, a float64, or what the error says
		typ   string
	}{
		"17":                       {int64(17), ""},
		"0":                        {int64(0), ""},
		"017":                      {int64(15), ""},
		"999999999999999999":       {int64(999999999999999999), ""},
		"9223372036854775807":      {int64(math.MaxInt64), ""},
		"0x_1f":                    {int64(0x_1f), ""},
		"'x'":                      {int64('x'), ""},
		"'['":                      {int64('['), ""},
		"'x'-'a'":                  {int64('x' - 'a'), ""},
		"5*time.Second":            {int64(5 * second), "time.Duration"},
		" 5 * time.Second ":        {int64(5 * second), "time.Duration"},
		"time.Duration(5e9)":       {int64(5e9), "time.Duration"},
		"1m30s":                    {int64(90 * second), "time.Duration"},
		"-1.5h":                    {int64(-5400 * second), "time.Duration"},
		"1<<10 - 1":                {int64(1<<10 - 1), ""},
		"1<<62 * 4 >> 3":           {int64(1 << 62 * 4 >> 3), ""},
		"^0 &^ 7 | 2 ^ 1":          {int64(^0&^7 | 2 ^ 1), ""},
		"7 / 2 * 2":                {int64(7 / 2 * 2), ""},
		"7 / 2.0":                  {7 / 2.0, ""},
		"-7 % 3":                   {int64(-7 % 3), ""},
		"-(1+2)":                   {int64(-3), ""},
		"Green + main.Green":       {int64(2 * green), "main.Color"},
		"len(x)-1":                 {int64(2), ""},
		"x.y[2].z * Green":         {int64(7), "main.Color"},
		a + "+1":                   {int64(13), ""},
		"*p":                       {int64(8), ""},
		"Green*time.Second":        {"is a main.Color and time.Second a time.Duration", ""},
		"1/0":                      {"zero", ""},
		"1%0":                      {"zero", ""},
		"1e300*1e300":              {"too large", ""},
		"0.1*10":                   {int64(1), ""},
		"1.5%2":                    {"no integers", ""},
		"1<<1000000000000":         {"cannot be shifted", ""},
		"1<<-1":                    {"cannot be shifted", ""},
		"1<<500<<500":              {"too large", ""},
		"1<<500*(1<<500)":          {"too large", ""},
		"1e1000000000":             {"no number", ""},
		`"text"`:                   {"no number", ""},
		"nothing":                  {"unknown nothing", ""},
		"f(1, 2)":                  {"no number", ""},
		"!1":                       {"no number", ""},
		"1 == 1":                   {"no number", ""},
		"1 +":                      {"no expression", ""},
		"":                         {"no expression", ""},
		strings.Repeat("1+", 3000): {"too long", ""},
	} {
		n, err := Calculate(text, operand)
		if says, ok := want.value.(string); ok {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%.50q: %v %v, want an error that says %q", text, n.Value, err, says)
			}
			continue
		}
		if err != nil || n.Type != want.typ || !same(n.Value, want.value) {
			t.Errorf("%q: %v %q %v, want %v %q", text, n.Value, n.Type, err, want.value, want.typ)
		}
	}
}

func same(v constant.Value, want any) bool {
	if f, ok := want.(float64); ok {
		return constant.Compare(v, token.EQL, constant.MakeFloat64(f))
	}
	return constant.Compare(v, token.EQL, constant.Make(want))
}

func FuzzCalculate(f *testing.F) {
	for _, s := range []string{"1<<3", "5*time.Second", "a[b[c]]-len(d)", "((((1))))", "0x1p-2", "'x'", "1h2m", `"a/b".C`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Calculate(s, func(string) (Number, error) { return Number{Value: constant.MakeInt64(3)}, nil })
		if err == nil && n.Value.Kind() != constant.Int && n.Value.Kind() != constant.Float {
			t.Errorf("%q is %v", s, n.Value)
		}
		if err == nil && n.Value.Kind() == constant.Int && constant.BitLen(n.Value) > maxBits {
			t.Errorf("%q has %d bits", s, constant.BitLen(n.Value))
		}
	})
}
