package types

import (
	"math/bits"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func constantsOf(values ...uint64) *Constants {
	c := &Constants{}
	for i, v := range values {
		c.list = append(c.list, constant{v, "c" + strconv.Itoa(i)})
	}
	c.order()
	return c
}

// What a name stands for, read back, is the value.
func TestConstantNames(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	flags, none := 0, 0
	for range 2000 {
		values := make([]uint64, 1+r.IntN(6))
		for i := range values {
			if values[i] = 1 << r.IntN(5); r.IntN(3) == 0 {
				values[i] = r.Uint64N(40)
			}
		}
		c := constantsOf(values...)
		for v := range uint64(64) {
			name := c.Name(v, 8)
			if name == "" {
				none++
				continue
			}
			var sum uint64
			parts := strings.Split(name, "|")
			for _, part := range parts {
				i, err := strconv.Atoi(part[1:])
				if err != nil || i >= len(values) {
					t.Fatalf("%v: %d is %q", values, v, name)
				}
				for _, earlier := range values[:i] {
					if earlier == values[i] {
						t.Errorf("%v: %d is %q, which is declared before", values, v, name)
					}
				}
				if len(parts) > 1 && (bits.OnesCount64(values[i]) != 1 || sum&values[i] != 0) {
					t.Errorf("%v: %d is %q, whose parts are no single bits", values, v, name)
				}
				sum |= values[i]
			}
			if sum != v {
				t.Errorf("%v: %d is %q, which is %d", values, v, name, sum)
			}
			if len(parts) > 1 {
				flags++
			}
		}
	}
	if flags < 1000 || none < 1000 {
		t.Errorf("%d flags and %d without a name are too few to tell", flags, none)
	}
}

// Constants that count something are no flags, and a constant is found by the bits that
// its type has.
func TestConstantKinds(t *testing.T) {
	for _, test := range []struct {
		values []uint64
		v      uint64
		size   uint64
		want   string
	}{
		{[]uint64{1, 2, 4}, 5, 1, "c0|c2"},
		{[]uint64{4, 2, 1}, 5, 1, "c2|c0"},
		{[]uint64{1, 2, 4, 3}, 6, 1, "c1|c2"},  // read, write, exec, read and write
		{[]uint64{1, 2, 3, 4}, 6, 1, ""},       // counted
		{[]uint64{0, 1, 2, 3, 4, 5}, 6, 1, ""}, // counted from 0
		{[]uint64{4, 5, 6, 1, 2, 3}, 7, 1, ""}, // counted in two files
		{[]uint64{5, 4, 3, 2, 1}, 6, 1, ""},    // counted down
		{[]uint64{1, 2, 0xf0}, 3, 1, ""},       // a mask beside bits
		{[]uint64{1, 2}, 0, 1, ""},             // nothing
		{[]uint64{1, 2}, 5, 1, ""},             // a bit without a name
		{[]uint64{0xff}, ^uint64(0), 1, "c0"},  // -1 of an int8
		{[]uint64{7}, 1<<32 | 7, 4, "c0"},      // of a uint32
		{[]uint64{1, 1 << 63}, 1<<63 | 1, 8, "c0|c1"},
	} {
		if got := constantsOf(test.values...).Name(test.v, test.size); got != test.want {
			t.Errorf("%v: %d is %q, want %q", test.values, test.v, got, test.want)
		}
	}
	if got := (*Constants)(nil).Name(1, 8); got != "" {
		t.Errorf("no constants name 1 %q", got)
	}
}
