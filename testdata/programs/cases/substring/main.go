// Substring is the case substring. Source: awslabs/ferret-scan#337, infracost/infracost#2849, tidwall/gjson#102.
// Shape: a finding keeps a 24-byte substring of a 256 KiB document.
// Expected: main.findings has 200 *Finding; each Match pins a 256 KiB document:
// 50 MiB retained, 4.8 KB of it visible by len.
package main

import (
	"fmt"
	"strings"

	"goheap/testdata/programs/cases/internal/stand"
)

type Finding struct {
	File  string
	Match string
	Line  int
}

var findings []*Finding

func scan(name, doc string) {
	i := strings.Index(doc, "token=")
	findings = append(findings, &Finding{name, doc[i : i+24], i})
}

func main() {
	for i := range 200 {
		b := make([]byte, 256<<10)
		for j := range b {
			b[j] = byte('a' + (i+j)%26)
		}
		copy(b[100000:], "token=0123456789abcdef0123")
		scan(fmt.Sprint("f", i, ".txt"), string(b))
	}
	stand.Culprit("main.findings", 200, 200*(256<<10))
	stand.Ready(nil)
}
