package repeat

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// What At finds, written out again, is the sequence; nothing of which there are four
// rounds of up to eight items is missed.
func TestAt(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		var s []byte
		for len(s) < 60 {
			part := make([]byte, 1+r.IntN(9))
			for i := range part {
				part[i] = 'a' + byte(r.IntN(3))
			}
			s = append(s, strings.Repeat(string(part), 1+r.IntN(7))...)
		}
		same := func(a, b int) bool { return s[a] == s[b] }
		var out strings.Builder
		for i := 0; i < len(s); {
			round, times := At(i, len(s), same)
			if times > 1 && times < Least {
				t.Fatalf("%s: %d times %d from %d on", s, times, round, i)
			}
			out.WriteString(strings.Repeat(string(s[i:i+round]), times))
			want, found := 1, false
			for n := 1; n <= most && !found; n++ {
				if found = i+Least*n <= len(s) && string(s[i:i+(Least-1)*n]) == string(s[i+n:i+Least*n]); found {
					want = n
				}
			}
			if found != (times > 1) || round != want {
				t.Fatalf("%s: from %d on %d times %d, want rounds of %d", s, i, times, round, want)
			}
			if end := i + round*times; times > 1 && end+round <= len(s) && string(s[i:i+round]) == string(s[end:end+round]) {
				t.Fatalf("%s: from %d on there are more than %d rounds of %d", s, i, times, round)
			}
			i += round * times
		}
		if out.String() != string(s) {
			t.Fatalf("%s becomes %s", s, out.String())
		}
	}
}
