package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"goheap/report"
)

func quoteRune(r rune) string {
	q := strconv.QuoteRuneToASCII(r)
	return q[1 : len(q)-1]
}

func countText(n uint64) string {
	return report.Column{Kind: report.Count}.Human(report.Cell{Num: n})
}

// addrText is "" for address 0, which stands for none.
func addrText(a uint64) string {
	if a == 0 {
		return ""
	}
	return "0x" + strconv.FormatUint(a, 16)
}

// plural counts things: "1 root", "1,204 roots".
func plural(n uint64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return countText(n) + " " + thing + "s"
}

// elapsed rounds a duration to what a person waiting wants to know.
func elapsed(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// exactBytes says a size to the byte, and rounded where that is shorter.
func exactBytes(n uint64) string {
	if n < 1024 {
		return report.HumanBytes(n)
	}
	return report.HumanBytes(n) + " (" + countText(n) + " B)"
}

// bytes prints a size as it is to be shown now.
func (w *words) bytes(n uint64) string {
	if w.exact {
		return countText(n) + " B"
	}
	return report.HumanBytes(n)
}

// exactWidth is the width of a column of sizes to the byte: up to a terabyte.
const exactWidth = 17

// widened returns columns that have room for sizes as they are shown now.
func (w *words) widened(cols []column) []column {
	if !w.exact {
		return cols
	}
	wide := slices.Clone(cols)
	for i := range wide {
		if wide[i].Kind == report.Bytes {
			wide[i].MinWidth = max(wide[i].MinWidth, exactWidth)
		}
	}
	return wide
}

func join(parts ...string) string { return strings.Join(parts, "   ") }
