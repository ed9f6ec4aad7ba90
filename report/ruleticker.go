package report

import (
	"context"
	"fmt"
)

// RuleTicker is the rule for tickers that nobody stops.
const RuleTicker = "ticker"

// manyTickers is how many tickers are suspect.
const manyTickers = 100

func tickerRule() Rule {
	return Rule{
		Name:  RuleTicker,
		Title: "tickers not stopped",
		Doc:   "There are a hundred tickers or more, and half as many as there are goroutines or timers in a suspect that receive from a channel.",
		Try:   "Stop each ticker, and end its goroutine by another channel: Stop does not close the ticker's.",
		find:  findTickers,
	}
}

func findTickers(ctx context.Context, h *hunt) error {
	tickers, err := h.alive(ctx, "time.Ticker")
	if err != nil {
		return err
	}
	for i := range h.found {
		f := &h.found[i]
		g, ok := h.goroutineOf(f)
		if !ok || f.Why != "" || tickers < manyTickers || tickers < f.Count/2 || f.Count < tickers/2 {
			continue
		}
		if state := g.State(); state == "chan receive" || state == "select" {
			f.Why, f.Try = fmt.Sprintf("%s × time.Ticker are alive.", comma(tickers)), tickerRule().Try
		}
	}
	return nil
}
