package tui

import (
	"fmt"
	"strconv"
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
