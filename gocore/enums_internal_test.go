package gocore

import (
	"testing"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/typing"
)

// What is exported has the numbers and the names of what it stands for.
func TestExportedLists(t *testing.T) {
	for mine, want := range map[RootKind]image.RootKind{
		GlobalRoot: image.GlobalRoot, GoroutineRoot: image.GoroutineRoot, FinalizerRoot: image.FinalizerRoot,
		CleanupRoot: image.CleanupRoot, WeakHandleRoot: image.WeakHandleRoot, UnknownRoot: image.UnknownRoot,
	} {
		if got := rootKind(want); got != mine || got.String() != want.String() {
			t.Errorf("a root of kind %d (%s) is exported as %d (%s), want %d", want, want, got, got, mine)
		}
	}
	for mine, want := range map[Evidence]typing.Evidence{
		EvidenceHeader: typing.ByHeader, EvidenceSpan: typing.BySpan, EvidenceInterface: typing.ByInterface, EvidenceContainer: typing.ByContainer,
		EvidencePointer: typing.ByPointer, EvidenceCode: typing.ByCode, EvidenceFits: typing.ByFit, EvidenceInterior: typing.ByInterior, EvidenceNone: typing.ByNothing,
	} {
		if got := Evidence(want); got != mine || got.String() != want.String() {
			t.Errorf("evidence %d (%s) is exported as %d (%s), want %d", want, want, got, got, mine)
		}
	}
	if Evidence(0).String() != "" || NoRoot.String() != "object" {
		t.Errorf("nothing has the names %q and %q", Evidence(0), NoRoot)
	}
}
