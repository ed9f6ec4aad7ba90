// Package corridor holds the test that keeps the packages of goheap in their
// order: dump, gocore, heap, report, and on top of them tui and cmd.
package corridor
