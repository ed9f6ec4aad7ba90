// Jointidx is the case jointidx. Source: gofiber/nats style session stores: nats-io/nats-server#1794 and many "removed from one map only".
// Shape: sessions in two maps of two globals; neither alone keeps them.
// Expected: 40,000 *Session of 1 KiB + 16..: ~41 MiB held jointly by main.byID and main.byToken.
package main

import (
	"fmt"

	"goheap/testdata/programs/cases/internal/stand"
)

type Session struct {
	ID    int
	Token string
	Data  [1000]byte
}

var byID = map[int]*Session{}
var byToken = map[string]*Session{}

func main() {
	stand.Measured("main.byID", 40000, func() {
		for i := range 40000 {
			s := &Session{ID: i, Token: fmt.Sprintf("tok-%08d", i)}
			byID[i], byToken[s.Token] = s, s
		}
	})
	stand.Ready(nil)
}
