package report

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// units are what may follow a number in a filter, or stand for one.
func units() map[string]float64 {
	return map[string]float64{
		"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
		"kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
		"ns": float64(time.Nanosecond), "us": float64(time.Microsecond), "ms": float64(time.Millisecond),
		"s": float64(time.Second), "m": float64(time.Minute), "h": float64(time.Hour), "d": float64(24 * time.Hour),
	}
}

// plain is an expression whose numbers have no units any more.
type plain struct {
	text  string
	edits []edit
}

// edit is where characters at [from, to) became others at [newFrom, newTo).
type edit struct{ from, to, newFrom, newTo int }

// withoutUnits writes numbers with units as plain ones: "1.5 KiB" as "1536", "5m"
// as nanoseconds, "MiB" alone as what it is. It leaves quoted texts as they are,
// and what it does not know for the parser to complain about.
func withoutUnits(src string) plain {
	var p plain
	known := units()
	in := []rune(src)
	var out []rune
	replace := func(from, to int, value float64) {
		text := []rune(number(value))
		p.edits = append(p.edits, edit{from, to, len(out), len(out) + len(text)})
		out = append(out, text...)
	}
	for i := 0; i < len(in); {
		switch r := in[i]; {
		case r == '"' || r == '\'' || r == '`':
			end := quotedEnd(in, i)
			out = append(out, in[i:end]...)
			i = end
		case isDigit(r):
			end := i
			for end < len(in) && (isDigit(in[end]) || in[end] == '_' || in[end] == '.' && end+1 < len(in) && isDigit(in[end+1])) {
				end++
			}
			unit := end
			if unit < len(in) && in[unit] == ' ' {
				unit++
			}
			stop := wordEnd(in, unit)
			value, err := strconv.ParseFloat(strings.ReplaceAll(string(in[i:end]), "_", ""), 64)
			if scale, ok := known[string(in[unit:stop])]; ok && err == nil {
				replace(i, stop, value*scale)
			} else if stop = wordEnd(in, end); true {
				out = append(out, in[i:stop]...) // 0x10, or a mistake
			}
			i = stop
		case isWord(r):
			end := wordEnd(in, i)
			word := string(in[i:end])
			// Single letters are units after a number only.
			if scale, ok := known[word]; ok && len(word) > 2 && (i == 0 || in[i-1] != '.') {
				replace(i, end, scale)
			} else {
				out = append(out, in[i:end]...)
			}
			i = end
		default:
			out = append(out, r)
			i++
		}
	}
	p.text = string(out)
	return p
}

// number writes a whole number without an exponent, so that it stays one.
func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1<<62 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// original returns where the character at place i of the text came from.
func (p plain) original(i int) int {
	moved := 0
	for _, e := range p.edits {
		switch {
		case i < e.newFrom:
			return i - moved
		case i < e.newTo:
			return e.from
		}
		moved = e.newTo - e.to
	}
	return i - moved
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func wordEnd(in []rune, i int) int {
	for i < len(in) && isWord(in[i]) {
		i++
	}
	return i
}

// quotedEnd returns where the quoted text ends that starts at i.
func quotedEnd(in []rune, i int) int {
	quote := in[i]
	for j := i + 1; j < len(in); j++ {
		switch {
		case in[j] == '\\' && quote != '`':
			j++
		case in[j] == quote:
			return j + 1
		}
	}
	return len(in)
}
