//go:build go1.25

package main

import (
	"fmt"
	"unique"
)

var handle unique.Handle[string]

// Until Go 1.24 package unique has a goroutine beside each collection, which makes
// and drops objects that the collection has marked.
func newestSpecials() { handle = unique.Make(fmt.Sprintf("canonical %d", len(words))) }
